/** How a request for a picture was answered, as in `X-Cache` and the counters. */
export type CacheResult = 'hit' | 'miss' | 'coalesced' | 'bypass' | 'error';

/** What happened, for logs, counters and live views. No prompt, key or credential is in any event. */
export type CacheEvent =
  | {
      readonly type: 'request';
      readonly door: string;
      readonly result: CacheResult;
      readonly model: string;
      /** Why it was not a plain hit, as in `Cache-Status`'s `detail`. */
      readonly detail?: string | undefined;
    }
  | {
      readonly type: 'upstream';
      readonly model: string;
      readonly status: number;
      readonly attempt: number;
      readonly elapsedMs: number;
    }
  | { readonly type: 'retry'; readonly model: string; readonly status: number; readonly waitMs: number }
  | {
      readonly type: 'stored';
      readonly model: string;
      readonly images: number;
      readonly bytes: number;
      readonly cost: Cost | undefined;
    }
  /** A request got a picture that was paid for before, or that another request pays for. */
  | { readonly type: 'avoided'; readonly model: string; readonly cost: Cost | undefined }
  | { readonly type: 'not-stored'; readonly model: string; readonly reason: string; readonly cause: unknown }
  | {
      readonly type: 'outcome-unknown';
      readonly attemptId: string;
      readonly model: string;
      readonly cause: unknown;
    }
  | { readonly type: 'healed'; readonly digest: string; readonly how: 'fetched-again' | 'dropped' }
  | { readonly type: 'evicted'; readonly entries: number; readonly blobs: number; readonly bytes: number }
  /** Removed because somebody asked for it. */
  | { readonly type: 'purged'; readonly entries: number; readonly blobs: number; readonly bytes: number }
  | {
      readonly type: 'failure';
      readonly where: string;
      readonly requestId?: string;
      readonly cause: unknown;
    };

/** An amount of money at the vendor's list price. */
export interface Cost {
  readonly amount: number;
  readonly currency: 'CNY' | 'USD';
}
