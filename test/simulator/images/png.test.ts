import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderPng } from '../../../src/simulator/images/png.ts';
import { nodeCompression } from '../../../src/simulator/node-compression.ts';
import { decodePng } from '../support.ts';

const essences = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new Uint8Array(bytes));
const sides = fc.integer({ min: 1, max: 80 });

test('any thirty-two bytes and any size make a PNG of that size, the same each time', async () => {
  await fc.assert(
    fc.asyncProperty(essences, sides, sides, async (essence, width, height) => {
      const file = Buffer.from(await renderPng(essence, { width, height }, nodeCompression));
      const picture = decodePng(file);
      expect([picture.width, picture.height]).toEqual([width, height]);
      const again = await renderPng(essence, { width, height }, nodeCompression);
      expect(file.equals(again)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test('one changed byte of thirty-two makes another picture', async () => {
  const size = { width: 40, height: 40 };
  await fc.assert(
    fc.asyncProperty(
      essences,
      fc.nat({ max: 31 }),
      fc.integer({ min: 1, max: 255 }),
      async (essence, at, by) => {
        const changed = essence.map((byte, index) => (index === at ? byte ^ by : byte));
        const [one, other] = await Promise.all([
          renderPng(essence, size, nodeCompression),
          renderPng(changed, size, nodeCompression),
        ]);
        expect(Buffer.from(one).equals(other)).toBe(false);
      },
    ),
    { numRuns: 50 },
  );
});
