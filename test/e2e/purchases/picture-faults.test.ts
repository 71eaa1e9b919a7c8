import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { FaultEffect } from '../../../src/simulator/faults/fault.ts';
import { blobFile } from '../../support/data/blob-files.ts';
import { countEntries, readPurchases, readRows, writeRows } from '../../support/data/rows.ts';
import { type Answer, body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { isDurable, isUpstreams, SMALL, startStack } from '../../support/servers/start-stack.ts';

const prompt = (text: string) => body(text, SMALL);
/** Quick to give up: one further attempt fits in. */
const HASTY = { DASHCACHE_DOWNLOAD_TIMEOUT: '300ms' };

function expectNotStored(stack: Stack, answer: Answer, state = 'answered'): void {
  expect(answer.status).toBe(200);
  expect(answer.headers.get('cache-status')).toMatch(
    /^dashcache; fwd=miss; key="[^"]+"; detail="not stored"$/,
  );
  expect(isUpstreams(stack, answer)).toBe(true);
  expect(countEntries(stack)).toBe(0);
  expect(readRows(stack, 'select sha256 from blobs')).toEqual([]);
  expect(stack.events.filter(({ type }) => type === 'not-stored')).toHaveLength(1);
  expect(readPurchases(stack)).toEqual([{ state, status: 200 }]);
}

it.each<[string, FaultEffect]>([
  ['is not there yet', { kind: 'refuse', status: 404 }],
  ['fails with 500', { kind: 'refuse', status: 500 }],
  ['is reset', { kind: 'reset' }],
  ['is cut', { kind: 'cut' }],
  ['is truncated under a length that agrees', { kind: 'truncate' }],
  ['is a sign-in page', { kind: 'html' }],
])('a picture that %s at first is fetched again and stored', async (_, effect) => {
  const stack = await startStack();
  stack.simulator.control.fault({ on: 'image', effect });
  const answer = await stack.generate(prompt('twice'));
  expect(answer.headers.get('cache-status')).toContain('; stored;');
  expect(isDurable(stack, answer)).toBe(true);
  expect(stack.simulator.control.counters()).toMatchObject({ images: 2, billedImages: 1 });
});

it.each<[string, FaultEffect]>([
  ['is kept back', { kind: 'refuse', status: 503 }],
  ['is cut', { kind: 'cut' }],
  ['is truncated under a length that agrees', { kind: 'truncate' }],
  ['is a sign-in page', { kind: 'html' }],
  ['hangs', { kind: 'hang' }],
  ['stops midway', { kind: 'hold', at: 'body' }],
  ['redirects without end', { kind: 'redirect', location: '/elsewhere' }],
])(
  'a picture that %s for as long as a client waits is not withheld, and the next request stores it',
  async (_, effect) => {
    const stack = await startStack(HASTY);
    const fault = stack.simulator.control.fault({ on: 'image', times: 1000, effect });
    const answer = await stack.generate(prompt('never'));
    expectNotStored(stack, answer);
    fault.cancel();
    // Upstream's URL is as good as upstream made it.
    expect((await bytesAt(imageUrls(answer)[0] ?? '')).byteLength).toBeGreaterThan(1000);
    // With time enough, so that a busy machine does not decide.
    await stack.stopServer();
    await stack.startServer({ DASHCACHE_DOWNLOAD_TIMEOUT: '30s' });
    const next = await stack.generate(prompt('never'));
    expect(next.headers.get('cache-status')).toContain('; stored;');
    expect(stack.asked).toBe(1);
  },
);

it('a picture that is gone is not withheld, and the next request buys again', async () => {
  const stack = await startStack(HASTY);
  const fault = stack.simulator.control.fault({
    on: 'image',
    times: 1000,
    effect: { kind: 'refuse', status: 404 },
  });
  expectNotStored(stack, await stack.generate(prompt('gone')), 'unstored');
  fault.cancel();
  expect((await stack.generate(prompt('gone'))).headers.get('cache-status')).toContain('; stored;');
  expect(stack.asked).toBe(2);
});

it('a picture above the bound is not stored and not withheld', async () => {
  const stack = await startStack({ ...HASTY, DASHCACHE_MAX_IMAGE: '1KiB' });
  expectNotStored(stack, await stack.generate(prompt('large')), 'unstored');
});

it('of two pictures one that cannot be had leaves both where upstream put them', async () => {
  const stack = await startStack(HASTY);
  stack.simulator.control.fault({ on: 'image', effect: { kind: 'hang' } });
  const answer = await stack.generate(body('a pair', { ...SMALL, n: 2 }, 'qwen-image-2.0'));
  expect(imageUrls(answer)).toHaveLength(2);
  expectNotStored(stack, answer);
  expect(stack.simulator.control.counters().images).toBe(2);
});

it('two pictures of one answer are stored as two', async () => {
  const stack = await startStack();
  const answer = await stack.generate(body('a pair', { ...SMALL, n: 2 }, 'qwen-image-2.0'));
  expect(isDurable(stack, answer)).toBe(true);
  expect(new Set(imageUrls(answer)).size).toBe(2);
  const hit = await stack.generate(body('a pair', { ...SMALL, n: 2 }, 'qwen-image-2.0'));
  expect(imageUrls(hit)).toEqual(imageUrls(answer));
  expect(readPurchases(stack)).toEqual([{ state: 'stored', status: 200 }]);
});

it('blobs that cannot be written withhold no picture, at once', async () => {
  // The time for downloads is the default: what the disk refuses is not downloaded again and again.
  const stack = await startStack();
  const blobs = join(stack.folder, 'data', 'blobs');
  await rename(blobs, `${blobs}.away`);
  // A file where the folder should be: permission bits would not stop every user.
  await writeFile(blobs, '');
  const answer = await stack.generate(prompt('no room'));
  expectNotStored(stack, answer);
  expect(stack.events).toContainEqual(
    expect.objectContaining({ type: 'not-stored', reason: 'storage_failed' }),
  );
  expect(stack.simulator.control.counters().images).toBe(1);
  await rm(blobs);
  await rename(`${blobs}.away`, blobs);
  expect((await stack.generate(prompt('no room'))).headers.get('cache-status')).toContain('; stored;');
});

it('rows that cannot be written withhold no picture', async () => {
  const stack = await startStack();
  const refuse = (table: string) =>
    `create trigger full_${table} before insert on ${table} begin select raise(abort, 'no room'); end`;
  writeRows(stack, refuse('entries'));
  expectNotStored(stack, await stack.generate(prompt('no row')));
  writeRows(stack, 'drop trigger full_entries');
  expect((await stack.generate(prompt('no row'))).headers.get('cache-status')).toContain('; stored;');
});

it('a key whose proof cannot be written down gets its picture all the same', async () => {
  const stack = await startStack({ DASHCACHE_AUTH: 'passthrough' });
  writeRows(
    stack,
    "create trigger full before insert on credentials begin select raise(abort, 'no room'); end",
  );
  const miss = await stack.generate(prompt('unproven'));
  expect(miss.headers.get('cache-status')).toMatch(/^dashcache; fwd=miss; stored/);
  await stack.stopServer();
  await stack.startServer();
  expect((await stack.generate(prompt('unproven'))).headers.get('x-cache')).toBe('HIT');
  expect(stack.events).toContainEqual(
    expect.objectContaining({ type: 'failure', where: 'credential record' }),
  );
});

it('a lost picture that cannot be written again is bought, and not withheld', async () => {
  const stack = await startStack();
  const [url = ''] = imageUrls(await stack.generate(prompt('lost, and no room')));
  await stack.stopServer();
  await rm(blobFile(stack, url));
  await stack.startServer();
  const stages = join(stack.folder, 'data', 'blobs', 'tmp');
  await rm(stages, { recursive: true });
  await writeFile(stages, '');
  const answer = await stack.generate(prompt('lost, and no room'));
  expect(answer.status).toBe(200);
  expect(isUpstreams(stack, answer)).toBe(true);
  expect(stack.events).toContainEqual(expect.objectContaining({ type: 'failure', where: 'healing' }));
  // The picture can still be had once there is room.
  await rm(stages);
  const hit = await stack.generate(prompt('lost, and no room'));
  expect(hit.headers.get('x-cache')).toBe('HIT');
  expect((await bytesAt(imageUrls(hit)[0] ?? '')).byteLength).toBeGreaterThan(1000);
  expect(stack.asked).toBe(2);
});
