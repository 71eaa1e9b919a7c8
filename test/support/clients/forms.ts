/** A multipart form in bytes; a part with a file name is a file. */
export function formBytes(
  parts: readonly {
    readonly name: string;
    readonly value: string | Uint8Array;
    readonly filename?: string;
  }[],
  boundary = 'b0',
): Uint8Array {
  const pieces = parts.flatMap(({ name, value, filename }) => [
    Buffer.from(
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n\r\n`,
    ),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]);
}

export const FORM_TYPE = 'multipart/form-data; boundary=b0';

/** Bytes in chunks of a size, as a connection gives them; `onChunk` before each. */
export async function* inChunks(
  bytes: Uint8Array,
  size: number,
  onChunk: (at: number) => void = () => {},
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) {
    onChunk(at);
    yield bytes.subarray(at, at + size);
  }
}
