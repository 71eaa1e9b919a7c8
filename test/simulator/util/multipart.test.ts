import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findBoundary, readForm } from '../../../src/simulator/util/multipart.ts';

const BOUNDARY = 'b-0';

/** Bytes rich in what delimiters are made of. */
const contents = fc.array(
  fc.oneof(
    fc.constantFrom('\r\n', '\r\n--', '\r\n--b-', '--b-0', '-', '\r', '\n'),
    fc.string({ unit: 'binary-ascii', maxLength: 5 }),
  ),
);
const parts = fc.array(
  contents
    .map((pieces) => pieces.join(''))
    .filter((content) => !`\r\n${content}\r\n`.includes(`\r\n--${BOUNDARY}`)),
  { maxLength: 4 },
);

function encode(whole: readonly string[]): Buffer {
  const written = whole.map(
    (content, index) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="p${index}"\r\n\r\n${content}\r\n`,
  );
  return Buffer.from(`${written.join('')}--${BOUNDARY}--\r\n`, 'latin1');
}

async function* chunksOf(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test('a form comes out as it was put in, however it is split', async () => {
  await fc.assert(
    fc.asyncProperty(parts, fc.integer({ min: 1, max: 40 }), async (whole, size) => {
      const found: string[] = [];
      for await (const part of readForm(chunksOf(encode(whole), size), BOUNDARY)) {
        expect(part.name).toBe(`p${found.length}`);
        const chunks: Uint8Array[] = [];
        for await (const chunk of part.content) chunks.push(chunk);
        found.push(Buffer.concat(chunks).toString('latin1'));
      }
      expect(found).toEqual(whole);
    }),
  );
});

test('parts that nobody reads are skipped', async () => {
  const names: string[] = [];
  for await (const { name } of readForm(chunksOf(encode(['one', 'two']), 3), BOUNDARY)) names.push(name);
  expect(names).toEqual(['p0', 'p1']);
});

test('a form that ends early is malformed', async () => {
  const short = encode(['one']).subarray(0, 60);
  const reading = async () => {
    for await (const part of readForm(chunksOf(short, 8), BOUNDARY)) {
      for await (const _ of part.content) {
        // Read to its end.
      }
    }
  };
  await expect(reading()).rejects.toMatchObject({ name: 'MalformedForm' });
});

test.each([
  ['multipart/form-data; boundary=b0', 'b0'],
  ['Multipart/Form-Data; charset=utf-8; boundary="a b"', 'a b'],
  ['multipart/mixed; boundary=b0', undefined],
  ['application/json', undefined],
])('the boundary of %s is %s', (contentType, boundary) => {
  expect(findBoundary(contentType)).toBe(boundary);
});
