import { describe, expect, it } from 'vitest';
import { admin, listed } from '../../support/clients/admin.ts';
import { readAllRows } from '../../support/data/rows.ts';
import { runCommand } from '../../support/servers/child-command.ts';
import { ask, draw, ownServer } from '../../support/servers/cli-admin.ts';
import { startStack } from '../../support/servers/start-stack.ts';

describe('purge', () => {
  it('says what would go, and removes it only with --yes', async () => {
    const stack = await startStack();
    for (const prompt of ['red fox', 'red crow', 'blue fox']) await draw(stack, prompt);
    const before = readAllRows(stack);
    const dry = await ask(stack, 'purge', 'red', '--max-age', '1h');
    expect([dry.code, dry.stderr]).toEqual([0, '']);
    const lines = dry.stdout.split('\n');
    expect(lines).toEqual([
      expect.stringMatching(/^would remove 2 entries with 2 images that no other entry shows, [\d.]+ KiB:$/),
      expect.stringMatching(/^key /),
      expect.stringMatching(/^---/),
      expect.stringMatching(/^k1:[0-9a-f]{32} .* red crow$/),
      expect.stringMatching(/^k1:[0-9a-f]{32} .* red fox$/),
      'Nothing is removed yet: --yes does it.',
    ]);
    expect(readAllRows(stack)).toEqual(before);
    const done = await ask(stack, 'purge', 'red', '--max-age', '1h', '--yes');
    expect(done.stdout.split('\n')).toEqual([
      lines[0]?.replace('would remove', 'removed'),
      ...lines.slice(1, -1),
    ]);
    expect(await listed(stack)).toEqual(['blue fox']);
    expect((await ask(stack, 'purge', 'red')).stdout).toBe('nothing would go');
    expect((await ask(stack, 'purge', 'red', '--yes')).stdout).toBe('nothing went');
  });

  it('counts what its sample does not show, and spares what is pinned when told so', async () => {
    const stack = await startStack();
    for (let seed = 1; seed <= 12; seed += 1) await draw(stack, `fox ${seed}`, { seed });
    const { entries } = (await admin(stack, 'GET', 'entries?q=7')).json;
    await admin(stack, 'POST', `entries/${entries[0].key}/pin`, { pinned: true });
    const json = await ask(stack, 'purge', 'fox', '--no-pinned', '--json');
    const { sample, ...counts } = JSON.parse(json.stdout);
    expect(counts).toEqual({ dry_run: true, entries: 11, blobs: 11, bytes: expect.any(Number) });
    expect(sample).toHaveLength(10);
    expect((await ask(stack, 'purge', 'fox', '--no-pinned')).stdout).toMatch(/^and 1 older one$/m);
    await stack.stopServer();
    const done = await runCommand(['purge', '--no-pinned', '--yes', '--json'], ownServer(stack));
    expect(JSON.parse(done.stdout)).toMatchObject({ dry_run: false, entries: 11 });
    await stack.startServer();
    expect(await listed(stack)).toEqual(['fox 7']);
    expect((await ask(stack, 'purge', '--all', '--yes')).stdout).toMatch(/^removed 1 entry with 1 image /);
    expect(await listed(stack)).toEqual([]);
  });

  it('removes nothing unless it is told clearly what', async () => {
    const stack = await startStack();
    await draw(stack, 'precious');
    const before = readAllRows(stack);
    for (const [args, problem] of [
      [[], '--all for everything'],
      [['--all', 'precious'], '--all cannot go with'],
      [['--all', '--tag', 'x'], '--all cannot go with'],
      [['--model', ''], '--model may not be empty'],
      [['precious', '--tag', ' '], '--tag may not be empty'],
      [['precious', '--min-age', 'old'], '--min-age must be a time'],
      [['precious', '--seed', 'x'], '--seed must be a whole number'],
      [['precious', '--limit', '1'], '--limit'],
    ] as const) {
      const { code, stdout, stderr } = await ask(stack, 'purge', ...args, '--yes');
      expect([args, code, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain(problem);
    }
    expect(readAllRows(stack)).toEqual(before);
  });
});
