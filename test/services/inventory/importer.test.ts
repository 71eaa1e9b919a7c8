import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import type { PortableEntry } from '../../../src/core/entries/portable-entry.ts';
import { cacheKey } from '../../../src/core/recipe/cache-key.ts';
import { MODEL, message, messages, recipeOf } from '../../support/data/recipes.ts';
import { png } from '../../support/data/sample-images.ts';
import { FakeUpstream } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { startServices } from '../../support/servers/services-bench.ts';
import { Machine } from '../../support/servers/store-bench.ts';

const PICTURE = png(4, 4);
const DIGEST = createHash('sha256').update(PICTURE).digest('hex');
const ANSWER = {
  output: { choices: [{ message: { role: 'assistant', content: [{ image: 'image:0' }] } }] },
  usage: { image_count: 1 },
  request_id: 'theirs',
};

function carried(prompt: string): PortableEntry {
  const { canonical } = recipeOf(JSON.stringify({ model: MODEL, ...messages(message({ text: prompt })) }));
  return {
    site: 'cn',
    scope: 'shared',
    key: cacheKey((bytes) => nativeHasher.xxh128(bytes), canonical),
    take: 1,
    canonical,
    answer: JSON.stringify(ANSWER),
    upstreamRequestId: 'theirs',
    cost: undefined,
    elapsedMs: undefined,
    createdAt: 0,
    pinned: true,
    tags: ['keep'],
    references: [],
    images: [{ digest: DIGEST }],
  };
}

describe('Importer', () => {
  let machine: Machine;

  beforeEach(async () => {
    machine = await Machine.open();
  });
  afterEach(() => machine.close());

  const start = (faults = new Faults()) => startServices(machine, new FakeUpstream(), { faults });

  async function* bytes() {
    yield PICTURE;
  }

  it('stores an entry with its tags and its pin, or nothing, whenever the process ends', async () => {
    const portable = carried('a fox');
    let isWhole = false;
    for (let step = 1; !isWhole; step += 1) {
      const faults = new Faults();
      const { importer } = start(faults);
      await importer.receive(DIGEST, bytes());
      faults.crashAt(faults.calls.length + step, true);
      isWhole = await importer.take(portable).then(
        () => true,
        () => false,
      );
      const stored = await machine.rows(
        'select e.pinned, t.tag from entries e left join entry_tags t on t.entry_id = e.id',
      );
      if (stored.length > 0) expect(stored).toEqual([{ pinned: 1, tag: 'keep' }]);
    }
  });

  it('refuses what no row can hold everywhere', async () => {
    const { importer } = start();
    await importer.receive(DIGEST, bytes());
    await expect(importer.take(carried('x'.repeat(1_000_000)))).rejects.toMatchObject({
      code: 'body_too_large',
    });
    expect(await machine.rows('select id from entries')).toEqual([]);
  });
});
