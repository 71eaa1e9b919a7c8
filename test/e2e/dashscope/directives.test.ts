import { describe, expect, it } from 'vitest';
import { watchArrivals } from '../../support/clients/arrivals.ts';
import { countEntries, readAllRows, writeRows } from '../../support/data/rows.ts';
import { body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { isDurable, isUpstreams, SMALL, startStack } from '../../support/servers/start-stack.ts';

const prompt = (text: string, parameters: Readonly<Record<string, unknown>> = {}) =>
  body(text, { ...SMALL, ...parameters });

/** Posts with a Cache-Control header. */
const ask = (stack: Stack, text: string, cacheControl: string) =>
  stack.generate(prompt(text), { 'cache-control': cacheControl });

const take = (stack: Stack, text: string, number: string) =>
  stack.generate(prompt(text), { 'x-dashcache-take': number });

describe('no-cache', () => {
  it('buys another take, which answers from then on, while the old URL still works', async () => {
    const stack = await startStack();
    const [first = ''] = imageUrls(await stack.generate(prompt('again')));
    const bought = await ask(stack, 'again', 'no-cache');
    expect(bought.headers.get('x-cache')).toBe('BYPASS');
    expect(bought.headers.get('cache-status')).toMatch(/^dashcache; fwd=bypass; stored;/);
    expect(stack.asked).toBe(2);
    const [second = ''] = imageUrls(bought);
    expect(second).not.toBe(first);
    expect(imageUrls(await stack.generate(prompt('again')))).toEqual([second]);
    expect((await bytesAt(first)).byteLength).toBeGreaterThan(1000);
    expect(countEntries(stack)).toBe(2);
  });

  it('does not join the flight of another, nor end it', async () => {
    const stack = await startStack();
    const held = stack.simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const waiting = stack.generate(prompt('own flight'));
    await held.waitForHit();
    expect((await ask(stack, 'own flight', 'no-cache')).status).toBe(200);
    expect(stack.asked).toBe(2);
    held.release();
    expect((await waiting).headers.get('x-cache')).toBe('MISS');
    expect(countEntries(stack)).toBe(2);
  });
});

describe('no-store', () => {
  it("answers with upstream's own URLs and leaves nothing behind, not a word", async () => {
    const stack = await startStack();
    const answer = await ask(stack, 'unspeakably private', 'no-store');
    expect(isUpstreams(stack, answer)).toBe(true);
    expect(answer.headers.get('cache-status')).toMatch(
      /^dashcache; fwd=bypass; key="[^"]+"; detail=no-store$/,
    );
    expect(countEntries(stack)).toBe(0);
    expect(stack.simulator.control.counters().images).toBe(0);
    const rows = JSON.stringify([...readAllRows(stack)]);
    expect(rows).not.toContain('unspeakably');
    expect(rows).not.toContain(stack.simulator.origin.slice('http://'.length));
  });

  it('does not read what is stored, nor replace it', async () => {
    const stack = await startStack();
    const stored = await stack.generate(prompt('kept'));
    expect(isUpstreams(stack, await ask(stack, 'kept', 'no-store'))).toBe(true);
    expect(stack.asked).toBe(2);
    expect(imageUrls(await stack.generate(prompt('kept')))).toEqual(imageUrls(stored));
  });

  it('nobody joins its flight, and it joins nobody', async () => {
    const stack = await startStack();
    const arrivals = watchArrivals(stack);
    const held = stack.simulator.control.fault({ on: 'generation', times: 4, effect: { kind: 'hold' } });
    const secrets = [ask(stack, 'alone', 'no-store'), ask(stack, 'alone', 'no-store')];
    await held.waitForHit(2);
    const others = [stack.generate(prompt('alone')), ask(stack, 'alone', 'no-store')];
    await Promise.all([held.waitForHit(4), arrivals.waitFor(4)]);
    held.release();
    const [open, secret] = await Promise.all(others);
    expect(open && isDurable(stack, open)).toBe(true);
    for (const answer of [secret, ...(await Promise.all(secrets))]) {
      expect(answer && isUpstreams(stack, answer)).toBe(true);
    }
    expect(stack.asked).toBe(4);
  });
});

describe('only-if-cached', () => {
  it('buys nothing, and names the fields in which the nearest entry differs', async () => {
    const stack = await startStack();
    await stack.generate(prompt('a copper kettle', { seed: 7 }));
    const near = await stack.generate(prompt('a copper kettle', { seed: 8, watermark: false }), {
      'cache-control': 'only-if-cached',
    });
    expect(near.status).toBe(504);
    expect(near.json.code).toBe('NotCached');
    expect(near.json.message).toContain('parameters.seed');
    expect(near.json.message).toContain('parameters.watermark');
    expect(near.json.message).not.toContain('parameters.size');
    expect(near.json.message).not.toContain('kettle');
    expect(stack.asked).toBe(1);
  });

  it('answers from the store what is stored', async () => {
    const stack = await startStack({ DASHCACHE_SEEDLESS: 'fresh' });
    await stack.generate(prompt('stored'));
    expect((await ask(stack, 'stored', 'only-if-cached')).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(1);
  });

  it("says nothing of another caller's entries", async () => {
    const stack = await startStack();
    await stack.generate(prompt('mine alone', { seed: 1 }));
    const stranger = { authorization: 'Bearer sk-somebody-else', 'cache-control': 'only-if-cached' };
    const same = await stack.generate(prompt('mine alone', { seed: 1 }), stranger);
    const near = await stack.generate(prompt('mine alone', { seed: 2 }), stranger);
    for (const { status, json } of [same, near]) {
      expect(status).toBe(504);
      expect(json.message).toBe(
        'Nothing stored answers this request. Nothing of qwen-image-max is stored for this caller.',
      );
    }
    expect(stack.asked).toBe(1);
  });

  it.each(['only-if-cached, no-cache', 'only-if-cached, no-store'])(
    '%s buys nothing either',
    async (words) => {
      const stack = await startStack();
      expect((await ask(stack, 'contradiction', words)).status).toBe(504);
      expect(stack.asked).toBe(0);
    },
  );
});

describe('max-age', () => {
  it('takes what is young enough and buys anew what is not', async () => {
    const stack = await startStack();
    await stack.generate(prompt('ageing'));
    expect((await ask(stack, 'ageing', 'max-age=60')).headers.get('x-cache')).toBe('HIT');
    expect((await ask(stack, 'ageing', 'Max-Age="60"')).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(1);
    await ageEntries(stack, 61_000);
    const stale = await ask(stack, 'ageing', 'max-age=60');
    expect(stale.headers.get('cache-status')).toMatch(/^dashcache; fwd=stale; stored;/);
    expect(stack.asked).toBe(2);
    expect((await ask(stack, 'ageing', 'max-age=60')).headers.get('x-cache')).toBe('HIT');
  });

  it.each(['max-age=soon', 'max-age=-1', 'max-age', 'max-age=1.5'])(
    '%s is a 400 naming it',
    async (words) => {
      const stack = await startStack();
      const answer = await ask(stack, 'when', words);
      expect(answer.status).toBe(400);
      expect(answer.json.message).toContain('max-age');
      expect(stack.asked).toBe(0);
    },
  );
});

/** Makes everything that is stored this much older, behind the back of a server at rest. */
async function ageEntries(stack: Stack, ms: number): Promise<void> {
  await stack.stopServer();
  writeRows(stack, `update entries set created_at = created_at - ${ms}`);
  await stack.startServer();
}

describe('X-Dashcache-Take', () => {
  it('names a stored take, and buys one that is not stored', async () => {
    const stack = await startStack();
    const first = await stack.generate(prompt('takes'));
    const second = await take(stack, 'takes', '2');
    expect(second.headers.get('x-cache')).toBe('MISS');
    expect(imageUrls(second)).not.toEqual(imageUrls(first));
    for (const [number, stored] of [
      ['1', first],
      ['2', second],
    ] as const) {
      const hit = await take(stack, 'takes', number);
      expect(hit.headers.get('x-cache')).toBe('HIT');
      expect(imageUrls(hit)).toEqual(imageUrls(stored));
    }
    expect(stack.asked).toBe(2);
  });

  it.each(['0', '-1', '1.5', 'two', '1001', '99999999', '2, 3'])(
    '%s is a 400 naming the header',
    async (value) => {
      const stack = await startStack();
      const answer = await take(stack, 'bad take', value);
      expect(answer.status).toBe(400);
      expect(answer.json.message).toContain('X-Dashcache-Take');
      expect(stack.asked).toBe(0);
    },
  );
});

describe('requests without a seed', () => {
  it.each([undefined, null, -1])('seed %s is no seed: one recipe', async (seed) => {
    const stack = await startStack();
    await stack.generate(prompt('open'));
    const parameters = seed === undefined ? {} : { seed };
    expect((await stack.generate(prompt('open', parameters))).headers.get('x-cache')).toBe('HIT');
    expect((await stack.generate(prompt('open', { seed: 0 }))).headers.get('x-cache')).toBe('MISS');
  });

  it('fresh: each is bought, unless it names its take or its seed', async () => {
    const stack = await startStack({ DASHCACHE_SEEDLESS: 'fresh' });
    const answers = [];
    for (let turn = 0; turn < 3; turn += 1) answers.push(await stack.generate(prompt('variety')));
    expect(new Set(answers.flatMap(imageUrls)).size).toBe(3);
    expect(answers.map(({ headers }) => headers.get('x-cache'))).toEqual(['BYPASS', 'BYPASS', 'BYPASS']);
    const named = await take(stack, 'variety', '2');
    expect(imageUrls(named)).toEqual(answers[1] && imageUrls(answers[1]));
    await stack.generate(prompt('variety', { seed: 3 }));
    expect((await stack.generate(prompt('variety', { seed: 3 }))).headers.get('x-cache')).toBe('HIT');
    expect(stack.asked).toBe(4);
  });

  it('takes:N: the stored takes in turn, a further one only by name, none beyond N', async () => {
    const stack = await startStack({ DASHCACHE_SEEDLESS: 'takes:3' });
    const first = await stack.generate(prompt('rotation'));
    expect(imageUrls(await stack.generate(prompt('rotation')))).toEqual(imageUrls(first));
    const urls = [first, await take(stack, 'rotation', '2'), await take(stack, 'rotation', '3')].map(
      imageUrls,
    );
    expect(stack.asked).toBe(3);
    const turns = [];
    for (let turn = 0; turn < 6; turn += 1) turns.push(imageUrls(await stack.generate(prompt('rotation'))));
    expect(stack.asked).toBe(3);
    for (const round of [turns.slice(0, 3), turns.slice(3)]) {
      expect(new Set(round.flat())).toEqual(new Set(urls.flat()));
    }
    const beyond = await take(stack, 'rotation', '4');
    expect(beyond.status).toBe(400);
    expect(beyond.json.message).toContain('4');
    expect(stack.asked).toBe(3);
  });
});

it('unknown directives are ignored', async () => {
  const stack = await startStack();
  await stack.generate(prompt('any words'));
  const hit = await ask(stack, 'any words', 'no-transform, stale-if-error=5, ,=, immutable="no-store", X');
  expect(hit.headers.get('x-cache')).toBe('HIT');
});
