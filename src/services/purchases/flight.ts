import type { Entry } from '../../core/entries/entry.ts';
import { AppError } from '../../core/errors.ts';
import { isFinal, type PurchaseState } from '../../core/purchases/purchase-state.ts';
import type { GenerationCall, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { FlightStage, StageListener } from './flight-stage.ts';
import type { PurchaseRecord } from './purchase-record.ts';

/** How a purchase is sent. What an earlier process had sent has none: it is never sent again. */
export interface Order {
  /** The stored entry, should another flight have landed meanwhile. */
  readonly findAgain: () => Promise<Entry | undefined>;
  /** What is sent. */
  readonly call: () => Promise<GenerationCall>;
  /** Nothing is to be heard before its end. */
  readonly isSync: boolean;
  /** Nothing may be paid unless it is on record: a task that nobody could ask for would be lost. */
  readonly mustRecord: boolean;
}

/** What a flight brings home: plain data, read by every waiter. */
export type FlightOutcome =
  | { readonly kind: 'bought'; readonly entry: Entry }
  /** Somebody else's flight had stored it in the meantime. */
  | { readonly kind: 'found'; readonly entry: Entry }
  | {
      readonly kind: 'relay';
      readonly answer: UpstreamAnswer;
      readonly detail: string | undefined;
      /** It is about who asked: other accounts may be served. */
      readonly isAccounts: boolean;
    };

/** Who may join a flight. */
export interface Sharing {
  /** The take that it is bought as; undefined means the next one. */
  readonly take: number | undefined;
  /** Nothing was stored: its next take is the first. */
  readonly isFirst: boolean;
  /** Others may wait for it. */
  readonly isOpen: boolean;
}

/** A purchase in the air, with any number of waiters. */
export class Flight {
  readonly record: PurchaseRecord;
  /** The recipe that it draws. */
  readonly canonical: string | undefined;
  readonly sharing: Sharing;
  readonly order: Order | undefined;
  /** The key that asks about the vendor's job; undefined until somebody of its account brings it. */
  apiKey: string | undefined;
  /** Upstream's answer, once it has come. */
  answer: UpstreamAnswer | undefined;
  /** Where the vendor says its job is. */
  upstreamState: 'PENDING' | 'RUNNING' = 'PENDING';
  /** Requests and tasks that still want its result. */
  interested = 0;
  /** A cancel whose verdict is not known yet; newcomers, further cancels and whoever sends it wait for it. */
  deciding: Promise<unknown> | undefined;
  /** The vendor has been told to drop it: nobody may join it any more. */
  isDropped = false;
  /** Found instead of bought: there is nothing to go on with. */
  isNeedless = false;
  /** Tries that brought it no further, and when it is worth another. */
  failures = 0;
  retryAt = 0;
  /** Waited for before its files are fetched. */
  turn: Promise<unknown> | undefined;
  /** Resolves when it is sure to go on whoever waits: upstream has taken the job, or tells nothing before its end. */
  readonly accepted: Promise<void>;
  accept: () => void = () => undefined;
  readonly #withdrawal = new AbortController();
  readonly #watchers = new Set<StageListener>();
  #stage: FlightStage | undefined;
  #outcome: Promise<FlightOutcome>;
  #settle: (outcome: FlightOutcome) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;
  #isSettled = false;

  constructor(
    record: PurchaseRecord,
    { order, apiKey, sharing }: Partial<Pick<Flight, 'order' | 'apiKey'>> & { readonly sharing: Sharing },
  ) {
    this.record = record;
    this.canonical = record.row.identity?.canonical;
    this.order = order;
    this.apiKey = apiKey;
    this.sharing = sharing;
    this.accepted = new Promise((resolve) => {
      this.accept = resolve;
    });
    this.#outcome = this.#newOutcome();
  }

  get id(): string {
    return this.record.row.id;
  }

  get state(): PurchaseState {
    return this.record.row.state;
  }

  /** There is nothing more to do for it. */
  get isOver(): boolean {
    return this.isNeedless || this.record.isOver;
  }

  /** What its waiters get: an entry, or an answer in time. */
  get outcome(): Promise<FlightOutcome> {
    return this.#outcome;
  }

  /** Its waiters have got something. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** From now on its waiters get what the next try brings. */
  renew(): void {
    if (this.#isSettled) this.#outcome = this.#newOutcome();
  }

  settle(outcome: FlightOutcome): void {
    this.#isSettled = true;
    this.#settle(outcome);
  }

  fail(error: unknown): void {
    this.#isSettled = true;
    this.#fail(error);
  }

  /** Aborts when nobody wants it any more and nothing is sent. */
  get withdrawal(): AbortSignal {
    return this.#withdrawal.signal;
  }

  get isUnsent(): boolean {
    return this.state === 'intended' && this.order !== undefined;
  }

  /** Somebody may still wait for it. */
  get isJoinable(): boolean {
    const hasEnded = this.isNeedless || this.isDropped || this.withdrawal.aborted || isFinal(this.state);
    return this.canonical !== undefined && this.sharing.isOpen && !hasEnded;
  }

  /** One of those who wanted it does no longer. */
  leave(): void {
    this.interested -= 1;
    if (this.interested <= 0) this.withdraw(new AppError('overloaded', 'Nobody waited for it any more.'));
  }

  /** Takes it back when nothing is sent. */
  withdraw(why: AppError): void {
    if (this.isUnsent) this.#withdrawal.abort(why);
  }

  /** What it is at; undefined before it has told anything. */
  get stage(): FlightStage | undefined {
    return this.#stage;
  }

  tell(stage: FlightStage): void {
    this.#stage = stage;
    for (const watcher of this.#watchers) watcher(stage);
  }

  /** From what it is at now on; returns the way to stop. */
  watch(listener: StageListener): () => void {
    this.#watchers.add(listener);
    if (this.#stage !== undefined) listener(this.#stage);
    return () => this.#watchers.delete(listener);
  }

  #newOutcome(): Promise<FlightOutcome> {
    this.#isSettled = false;
    const outcome = new Promise<FlightOutcome>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    // It may be that nobody waits.
    outcome.catch(() => undefined);
    return outcome;
  }
}
