import type { CacheStatus } from '../core/cache/cache-status.ts';
import type { Directives } from '../core/cache/directives.ts';
import type { Entry, ReferenceUse } from '../core/entries/entry.ts';
import type { Recipe } from '../core/recipe/recipe.ts';
import type { GenerationCall, UpstreamAnswer } from '../ports/image-upstream.ts';
import type { FlightWaiter } from './purchases/flight-waiter.ts';

/** One request for a picture, in no dialect. */
export interface ImageRequest {
  readonly recipe: Recipe;
  readonly key: string;
  readonly site: string;
  readonly scope: string;
  readonly directives: Directives;
  readonly references: readonly ReferenceUse[];
  /** Whose limits upstream counts it against. */
  readonly account: string;
  /** The account's key, with which a job that it has paid for is followed. */
  readonly apiKey: string;
  /** What `call` asks answers with a task. */
  readonly isAsyncUpstream: boolean;
  /** Makes what is sent on a miss, told why it is sent; not called on a hit or when another's flight is joined. */
  readonly call: (reason: ForwardReason) => Promise<GenerationCall>;
  /** Aborts when the client hangs up. */
  readonly hangUp?: AbortSignal;
  /** Nothing may be paid for it that cannot be recorded. */
  readonly mustRecord?: boolean;
}

/** As in `CacheStatus`. */
export type ForwardReason = 'miss' | 'bypass' | 'stale';

export type ImageOutcome =
  | {
      readonly kind: 'entry';
      readonly entry: Entry;
      readonly status: CacheStatus;
      /** The same request would get this entry again, as long as it is the newest. */
      readonly repeatable: boolean;
    }
  /** Upstream's own answer: a refusal, or a success that was not kept. */
  | { readonly kind: 'relay'; readonly answer: UpstreamAnswer; readonly status: CacheStatus };

/** A request that was answered from the store, or whose flight is in the air. */
export type StartedRequest =
  | { readonly hit: ImageOutcome }
  | { readonly waiter: FlightWaiter; readonly fwd: ForwardReason; readonly outcome: Promise<ImageOutcome> };
