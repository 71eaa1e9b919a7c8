import type { PurchaseState } from './purchases/purchase-state.ts';

/** How a request for a picture was answered: as in `X-Cache`, or `error` for a status from 400 on. */
export type CacheResult = 'hit' | 'miss' | 'coalesced' | 'bypass' | 'error';

/** What happened, for logs, counters and live views. No prompt, key or credential is in any event. */
export type CacheEvent =
  | AnsweredRequest
  | {
      readonly type: 'upstream';
      readonly model: string;
      /** Undefined when there was no answer. */
      readonly status: number | undefined;
      readonly tries: number;
      readonly elapsedMs: number;
    }
  | { readonly type: 'retry'; readonly model: string; readonly status: number; readonly waitMs: number }
  /** Upstream has drawn, and is paid whatever becomes of the pictures. */
  | {
      readonly type: 'bought';
      readonly model: string;
      readonly scope: string;
      readonly images: number;
      readonly cost: Cost | undefined;
    }
  /** A purchase is on record in this state. */
  | {
      readonly type: 'purchase';
      readonly id: string;
      readonly model: string;
      readonly state: PurchaseState;
    }
  | {
      readonly type: 'stored';
      readonly model: string;
      readonly scope: string;
      readonly images: number;
      readonly bytes: number;
    }
  /** A request got a picture that was paid for before, or that another request pays for. */
  | {
      readonly type: 'avoided';
      readonly model: string;
      readonly scope: string;
      readonly cost: Cost | undefined;
      /** How long upstream took to draw it. */
      readonly elapsedMs: number | undefined;
    }
  /** Bytes of a picture that go to a client. */
  | { readonly type: 'blob'; readonly bytes: number }
  | { readonly type: 'not-stored'; readonly model: string; readonly reason: string; readonly cause: unknown }
  | {
      readonly type: 'outcome-unknown';
      readonly purchaseId: string;
      readonly model: string;
      readonly cause: unknown;
    }
  | {
      readonly type: 'healed';
      readonly digest: string;
      readonly how: 'fetched-again' | 'recovered' | 'dropped';
    }
  | { readonly type: 'evicted'; readonly entries: number; readonly blobs: number; readonly bytes: number }
  /** Removed because somebody asked for it. */
  | { readonly type: 'purged'; readonly entries: number; readonly blobs: number; readonly bytes: number }
  | {
      readonly type: 'failure';
      readonly where: string;
      readonly requestId?: string;
      readonly cause: unknown;
    };

/** One request and what it was answered with: up to the head of the answer, where that is a stream. */
export interface AnsweredRequest {
  readonly type: 'request';
  /** As in the answer's header and body; in the log of every event about it. */
  readonly requestId: string;
  /** Of the caller's trace (W3C Trace Context). */
  readonly traceId?: string | undefined;
  readonly door: string;
  readonly method: string;
  /** Without the query, and with `:name` for what is different from request to request. */
  readonly path: string;
  readonly status: number;
  readonly elapsedMs: number;
  /** The id that upstream gave the answer, where it is upstream's own. */
  readonly upstreamRequestId?: string | undefined;
  /** Undefined where no picture was asked for. */
  readonly result?: CacheResult | undefined;
  readonly model?: string | undefined;
  readonly scope?: string | undefined;
  /** Why it was not a plain hit, as in `Cache-Status`'s `detail`. */
  readonly detail?: string | undefined;
}

/** An amount of money at the vendor's list price. */
export interface Cost {
  readonly amount: number;
  readonly currency: 'CNY' | 'USD';
}
