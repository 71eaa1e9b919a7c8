/** Ends a source that nobody will read, so that it lets go of what it holds, such as a connection. */
export async function drain(source: AsyncIterable<unknown>): Promise<void> {
  await source[Symbol.asyncIterator]().return?.();
}
