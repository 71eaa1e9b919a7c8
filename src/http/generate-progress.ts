import type { Clock } from '../ports/clock.ts';
import type { FlightStage, StageListener } from '../services/flight-stage.ts';

/** While nothing else is to be told. */
const TICK_MS = 1_000;

export interface ProgressOptions {
  readonly clock: Clock;
  /** How long the model usually draws, in milliseconds. */
  readonly expectedMs: number | undefined;
}

/** What a flight comes to for its client. */
export interface ProgressEnd {
  readonly event: 'done' | 'error';
  readonly data: object;
}

/**
 * Begins `work`, which must not reject, and tells of it in Server-Sent Events: `queued`, `running`, `downloading`,
 * `stored`, the latest of them again every second, and at the end `done` or `error`. A reader that is slow gets the latest
 * stage, not all of them; one that leaves does not end the work.
 */
export function progressEvents(
  work: (onStage: StageListener) => Promise<ProgressEnd>,
  { clock, expectedMs }: ProgressOptions,
): AsyncIterable<Uint8Array> {
  let stage: FlightStage | undefined;
  let isTold = true;
  let wake = () => {};
  const ended = work((next) => {
    stage = next;
    isTold = false;
    wake();
  });
  return (async function* events() {
    for (;;) {
      const end = isTold ? await untilNext() : undefined;
      if (end !== undefined) {
        yield encode(end.event, end.data);
        return;
      }
      isTold = true;
      if (stage !== undefined) yield encodeStage(stage, clock.now(), expectedMs);
    }
  })();

  /** The end, or undefined when there is something else to tell, be it only that time passes. */
  async function untilNext(): Promise<ProgressEnd | undefined> {
    const timer = new AbortController();
    const told = new Promise<undefined>((resolve) => {
      wake = () => resolve(undefined);
    });
    const tick = clock.sleep(TICK_MS, timer.signal).then(
      () => undefined,
      () => undefined,
    );
    const end = await Promise.race([ended, told, tick]);
    timer.abort();
    return end;
  }
}

function encodeStage(stage: FlightStage, now: number, expectedMs: number | undefined): Uint8Array {
  switch (stage.stage) {
    case 'queued':
      return encode('queued', { position: stage.position });
    case 'running':
      return encode('running', {
        elapsed_ms: Math.max(0, now - stage.since),
        expected_ms: expectedMs ?? null,
      });
    case 'downloading':
      return encode('downloading', { bytes: stage.bytes, total: stage.total ?? null });
    case 'stored':
      return encode('stored', {});
  }
}

/** JSON holds no line break, so one line of data is enough. */
function encode(event: string, data: object): Uint8Array {
  return new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
