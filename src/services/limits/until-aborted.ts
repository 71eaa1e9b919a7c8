/**
 * The same items; rejects with the signal's reason as soon as it aborts, even while the source keeps us waiting. The
 * source is told to end in any case.
 */
export async function* untilAborted<T>(
  source: AsyncIterable<T>,
  signal: AbortSignal | undefined,
): AsyncGenerator<T, void, undefined> {
  if (signal === undefined) {
    yield* source;
    return;
  }
  let onAbort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
  });
  // Handled here, since nobody may be waiting for it when it comes.
  aborted.catch(() => undefined);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  const iterator = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await Promise.race([aborted, iterator.next()]);
      if (step.done) {
        ended = true;
        return;
      }
      yield step.value;
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (!ended) await endSource(iterator, signal);
  }
}

/** Not waited for after an abort: a generator that hangs in its `next` would not answer its `return` either. */
async function endSource<T>(iterator: AsyncIterator<T>, signal: AbortSignal): Promise<void> {
  const returned = iterator.return?.();
  if (!signal.aborted) await returned;
  else returned?.catch(() => undefined);
}
