import { describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/core/bytes/concat-bytes.ts';
import { readAll } from '../../../src/core/bytes/read-all.ts';
import { AppError } from '../../../src/core/errors.ts';

const chunks = [Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)];

describe('joinBytes', () => {
  it('puts chunks one after another', () => {
    expect(concatBytes(chunks)).toEqual(Uint8Array.of(1, 2, 3));
    expect(concatBytes([])).toEqual(new Uint8Array(0));
  });

  it('copies: a chunk may be used again', () => {
    const chunk = Uint8Array.of(1);
    const joined = concatBytes([chunk]);
    chunk.fill(9);
    expect(joined).toEqual(Uint8Array.of(1));
  });
});

describe('readAll', () => {
  it('reads what is there, and what comes', async () => {
    expect(await readAll(chunks)).toEqual(Uint8Array.of(1, 2, 3));
    expect(await readAll(new Blob(chunks).stream())).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('takes as much as the bound, and stops at the first chunk beyond', async () => {
    let asked = 0;
    function* endless() {
      for (; asked < 100; asked += 1) yield Uint8Array.of(asked);
    }
    const tooLarge = () => new AppError('body_too_large', 'too large');
    expect(await readAll(chunks, 3, tooLarge)).toHaveLength(3);
    await expect(readAll(endless(), 3, tooLarge)).rejects.toMatchObject({ code: 'body_too_large' });
    expect(asked).toBe(3);
  });
});
