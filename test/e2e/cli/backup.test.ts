import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../../support/servers/child-command.ts';
import { body, bytesAt, imageUrls } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const prompt = (number: number) => body(`picture ${number}`, SMALL);
const numbers = [1, 2, 3, 4, 5];

it('a store that is backed up while it draws comes back from nothing, all of it as hits', async () => {
  const stack = await startStack();
  const data = join(stack.folder, 'data');
  const copy = join(stack.folder, 'copy');
  const before = [];
  for (const number of numbers)
    before.push(await bytesAt(imageUrls(await stack.generate(prompt(number)))[0] ?? ''));
  // Meanwhile it draws and stores others.
  const busy = [6, 7, 8, 9].map((number) => stack.generate(prompt(number)));
  const backup = await runCommand(['backup', copy, '--data', data, '--json'], {});
  await Promise.all(busy);
  expect(backup).toMatchObject({ code: 0 });
  expect(JSON.parse(backup.stdout)).toMatchObject({ folder: copy, damaged: 0 });
  await stack.stopServer();

  await rm(data, { recursive: true });
  expect(await runCommand(['restore', copy, '--data', data], {})).toMatchObject({ code: 0 });
  await stack.startServer();
  const asked = stack.asked;
  for (const [index, number] of numbers.entries()) {
    const hit = await stack.generate(prompt(number));
    expect(hit.headers.get('x-cache')).toBe('HIT');
    expect(await bytesAt(imageUrls(hit)[0] ?? '')).toEqual(before[index]);
  }
  expect(stack.asked).toBe(asked);
  expect(await stack.server.services.verifier.run()).toMatchObject({ damaged: 0 });
});

it('a folder without its rows is refused in words, and usable after a repair', async () => {
  const stack = await startStack();
  const data = join(stack.folder, 'data');
  await stack.generate(prompt(1));
  await stack.stopServer();
  await truncate(join(data, 'dashcache.sqlite'));
  const refused = await runCommand(['serve', '--data', data, '--port', '0'], {});
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^dashcache: data folder .* cannot be used: .*dashcache restore DIR/);
  expect(refused.stderr).not.toMatch(/^ +at /m);
  const repaired = await runCommand(['repair', '--data', data], {});
  expect(repaired).toMatchObject({ code: 0, stdout: expect.stringContaining('1 images without a row') });
  await stack.startServer();
  expect((await stack.generate(prompt(1))).headers.get('x-cache')).toBe('MISS');
});
