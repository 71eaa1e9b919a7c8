import type { CacheEvent } from '../../../src/core/events.ts';
import type { Reporter } from '../../../src/ports/reporter.ts';

/** Keeps every event for the test to look at. */
export class RecordingReporter implements Reporter {
  readonly events: CacheEvent[] = [];

  report(event: CacheEvent): void {
    this.events.push(event);
  }

  of<T extends CacheEvent['type']>(type: T): Extract<CacheEvent, { type: T }>[] {
    return this.events.filter((event): event is Extract<CacheEvent, { type: T }> => event.type === type);
  }
}
