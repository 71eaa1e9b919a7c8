/**
 * Bytes as a stream that asks its source only when it is asked itself, so that a slow reader slows the source down and
 * nothing piles up. When the reader leaves, the source's iteration is ended.
 *
 * `onFailure` is called before a failure of the source reaches the reader: a server that has sent the head already must
 * break the connection off then, or the reader takes a part for the whole.
 */
export function toBodyStream(
  source: AsyncIterable<Uint8Array>,
  onFailure?: () => void,
): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const step = await iterator.next();
          if (step.done) controller.close();
          else controller.enqueue(step.value);
        } catch (error) {
          onFailure?.();
          throw error;
        }
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    // The default of 1 would read one chunk ahead of the first reader.
    { highWaterMark: 0 },
  );
}
