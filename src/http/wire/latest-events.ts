import type { Clock } from '../../ports/clock.ts';

/** While nothing else is to be told. */
const TICK_MS = 1_000;

/** What work comes to for its client. */
export interface EventEnd {
  readonly event: 'done' | 'error';
  readonly data: object;
}

/**
 * Begins `work`, which must not reject, and tells of it in Server-Sent Events: what it told last, the same again every
 * second, and at the end `done` or `error`. A reader that is slow gets the latest, not all of it; one that leaves does
 * not end the work.
 */
export function latestEvents<T>(
  work: (tell: (value: T) => void) => Promise<EventEnd>,
  encode: (value: T) => Uint8Array,
  clock: Pick<Clock, 'sleep'>,
): AsyncIterable<Uint8Array> {
  let latest: { readonly value: T } | undefined;
  let isTold = true;
  let wake = () => {};
  const ended = work((value) => {
    latest = { value };
    isTold = false;
    wake();
  });
  return (async function* events() {
    for (;;) {
      const end = isTold ? await untilNext() : undefined;
      if (end !== undefined) {
        yield encodeEvent(end.event, end.data);
        return;
      }
      isTold = true;
      if (latest !== undefined) yield encode(latest.value);
    }
  })();

  /** The end, or undefined when there is something else to tell, be it only that time passes. */
  async function untilNext(): Promise<EventEnd | undefined> {
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

/** One Server-Sent Event. JSON holds no line break, so one line of data is enough. */
export function encodeEvent(event: string, data: object): Uint8Array {
  return new TextEncoder().encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
}
