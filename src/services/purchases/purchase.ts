import type { ReferenceUse } from '../../core/entries/entry.ts';
import type { Cost } from '../../core/events.ts';
import type { PurchaseState } from '../../core/purchases/purchase-state.ts';

/** How long the vendor keeps what it gives out: a job is known and a result URL works for a day. */
export const UPSTREAM_LIFE_MS = 24 * 60 * 60 * 1000;

/** Whose entry a purchase is to become, and what it is of. */
export interface EntryIdentity {
  readonly site: string;
  readonly scope: string;
  readonly key: string;
  readonly canonical: string;
  readonly model: string;
  readonly prompt: string;
  /** The take it is bought as; undefined means the next one. */
  readonly take: number | undefined;
  readonly references: readonly ReferenceUse[];
}

/** What was paid. Once it is known it does not change. */
export interface Spent {
  /** Pictures that the answer brought; 0 where none could be counted. */
  readonly images: number;
  /** At list price; undefined where that is not known, which is not zero. */
  readonly cost: Cost | undefined;
  /** When it became known, in milliseconds since the epoch. */
  readonly at: number;
}

/** The durable record of one generation that may cost money. */
export interface Purchase {
  readonly id: string;
  readonly site: string;
  readonly scope: string;
  /** The cache key; empty for what cannot be keyed. */
  readonly key: string;
  readonly model: string;
  /** Whose limits and whose jobs at the vendor: the fingerprint of a key. */
  readonly account: string;
  readonly state: PurchaseState;
  /** The vendor's task, once it has taken one. */
  readonly upstreamTask: string | undefined;
  /** What it is to be stored as; undefined when it must not be. Once it has ended, kept only where it is `unknown`. */
  readonly identity: EntryIdentity | undefined;
  /** Upstream's answer, while it is `answered`. Never inline bytes. */
  readonly answer: string | undefined;
  /** A simulator drew it. */
  readonly simulated: boolean;
  /** How long upstream took, in milliseconds. */
  readonly elapsedMs: number | undefined;
  readonly spent: Spent | undefined;
  /** What it was stored as. */
  readonly entryId: number | undefined;
  /** Upstream's HTTP status. */
  readonly status: number | undefined;
  /** Why it ended without an entry, for people; no credential. */
  readonly error: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a transition adds to a purchase. */
export type PurchaseFacts = Partial<
  Pick<Purchase, 'upstreamTask' | 'answer' | 'simulated' | 'elapsedMs' | 'spent' | 'status' | 'error'>
>;

/** A purchase that nothing has happened to yet. */
export function newPurchase(
  known: Pick<Purchase, 'id' | 'site' | 'scope' | 'key' | 'model' | 'account' | 'identity' | 'createdAt'>,
): Purchase {
  return {
    ...known,
    state: 'intended',
    upstreamTask: undefined,
    answer: undefined,
    simulated: false,
    elapsedMs: undefined,
    spent: undefined,
    entryId: undefined,
    status: undefined,
    error: undefined,
    updatedAt: known.createdAt,
  };
}
