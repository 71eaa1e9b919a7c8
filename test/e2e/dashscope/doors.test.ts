import { describe, expect, it } from 'vitest';
import { startAssets } from '../../support/clients/assets.ts';
import { DOORS, type Door, type Form, type Picture } from '../../support/clients/doors.ts';
import { body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

interface Way {
  readonly door: Door;
  readonly form: Form;
}

const WAYS: readonly Way[] = DOORS.flatMap((door) => door.forms.map((form) => ({ door, form })));
const TEXTS = WAYS.filter(({ form }) => form === 'text');
const EDITS = WAYS.filter(({ form }) => form !== 'text');

/** Buys one way, then asks every way: nothing more may be drawn, and everybody is shown the same picture. */
async function expectOneEntry(stack: Stack, buyer: Way, ways: readonly Way[], picture: Picture) {
  const before = stack.asked;
  const bought = await buyer.door.ask(stack, buyer.form, picture);
  expect(bought.cache).toBe('MISS');
  for (const { door, form } of ways) {
    const found = await door.ask(stack, form, picture);
    expect([door.name, form, found.cache, found.url]).toEqual([door.name, form, 'HIT', bought.url]);
  }
  expect(stack.asked - before).toBe(1);
  expect((await bytesAt(bought.url)).byteLength).toBeGreaterThan(0);
}

describe('a picture bought through one door is a hit through every other', () => {
  it.each(TEXTS.map((way) => [way.door.name, way] as const))('of words alone, by %s', async (name, way) => {
    const stack = await startStack();
    const picture = { prompt: `by ${name}`, bytes: undefined, url: '', blob: '' };
    await expectOneEntry(stack, way, TEXTS, picture);
  });

  it.each(EDITS.map((way) => [way.form, way.door.name, way] as const))(
    'of a reference image as %s, by %s',
    async (form, name, way) => {
      const assets = await startAssets();
      const stack = await startStack({ DASHCACHE_REFERENCE_ALLOW: assets.allow });
      // The picture that is edited is one of ours, so that it can be named by its blob URL, too.
      const [blob = ''] = imageUrls(await stack.generate(body('the original', SMALL)));
      const bytes = await bytesAt(blob);
      assets.serve('/original.png', bytes);
      const picture = { prompt: `as ${form} by ${name}`, bytes, url: assets.at('/original.png'), blob };
      await expectOneEntry(stack, way, EDITS, picture);
    },
  );
});
