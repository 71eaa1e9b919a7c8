import type { Clock } from '../../ports/clock.ts';
import type { FlightStage, StageListener } from '../../services/purchases/flight-stage.ts';
import { type EventEnd, encodeEvent, latestEvents } from '../wire/latest-events.ts';

export interface ProgressOptions {
  readonly clock: Clock;
  /** How long the model usually draws, in milliseconds. */
  readonly expectedMs: number | undefined;
}

/** Begins `work`, which must not reject, and tells of it: `queued`, `running`, `downloading`, `stored`, `done`, `error`. */
export function progressEvents(
  work: (onStage: StageListener) => Promise<EventEnd>,
  { clock, expectedMs }: ProgressOptions,
): AsyncIterable<Uint8Array> {
  return latestEvents(work, (stage) => encodeStage(stage, clock.now(), expectedMs), clock);
}

function encodeStage(stage: FlightStage, now: number, expectedMs: number | undefined): Uint8Array {
  switch (stage.stage) {
    case 'queued':
      return encodeEvent('queued', { position: stage.position });
    case 'running':
      return encodeEvent('running', {
        elapsed_ms: Math.max(0, now - stage.since),
        expected_ms: expectedMs ?? null,
      });
    case 'downloading':
      return encodeEvent('downloading', { bytes: stage.bytes, total: stage.total ?? null });
    case 'stored':
      return encodeEvent('stored', {});
  }
}
