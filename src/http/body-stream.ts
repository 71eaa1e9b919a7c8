/**
 * Bytes as a stream that asks its source only when it is asked itself, so that a slow reader slows the source down and
 * nothing piles up. When the reader leaves, the source's iteration is ended.
 */
export function toBodyStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const step = await iterator.next();
        if (step.done) controller.close();
        else controller.enqueue(step.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    },
    // The default of 1 would read one chunk ahead of the first reader.
    { highWaterMark: 0 },
  );
}
