/**
 * Bytes as a stream that asks its source only when it is asked itself, so that a slow reader slows the source down and
 * nothing piles up. When the reader leaves, the source's iteration is ended.
 *
 * With `onFailure`, a failure of the source goes there instead of to the reader, and it must break the connection off: the
 * head is sent by then, and a body that merely ends would be taken for the whole.
 */
export function toBodyStream(
  source: AsyncIterable<Uint8Array>,
  onFailure?: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  let left = false;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const step = await iterator.next();
          if (left) return;
          if (step.done) controller.close();
          else controller.enqueue(step.value);
        } catch (error) {
          if (left) return;
          if (onFailure === undefined) throw error;
          onFailure(error);
          controller.close();
        }
      },
      async cancel() {
        left = true;
        await iterator.return?.();
      },
    },
    // The default of 1 would read one chunk ahead of the first reader.
    { highWaterMark: 0 },
  );
}
