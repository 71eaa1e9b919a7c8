import type { CacheEvent } from '../core/events.ts';

/** Where events go: log lines, counters, live views. Must not throw and must not block. */
export interface Reporter {
  report(event: CacheEvent): void;
}
