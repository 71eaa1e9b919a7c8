import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { admin, keyOf } from '../../support/clients/admin.ts';
import { writeRows } from '../../support/data/rows.ts';
import { ChildCommand, runCommand } from '../../support/servers/child-command.ts';
import { ask, draw, ownServer } from '../../support/servers/cli-admin.ts';
import { startServer } from '../../support/servers/http-server.ts';
import { startStack } from '../../support/servers/start-stack.ts';

/** The last column of a table's rows. */
function prompts(stdout: string): readonly string[] {
  return stdout
    .split('\n')
    .slice(2)
    .map((line) => line.split(/ {2,}/).at(-1) ?? '');
}

const jsonLines = (stdout: string) => stdout.split('\n').map((line) => JSON.parse(line));

describe('ls', () => {
  it('lists what is stored, newest first, as a table and as lines of JSON', async () => {
    const stack = await startStack();
    await draw(stack, 'a red fox', { seed: 1 });
    await draw(stack, 'a crow', { seed: 2 });
    const table = await ask(stack, 'ls');
    expect([table.code, table.stderr]).toEqual([0, '2 entries\n']);
    const [header, , crow, fox] = table.stdout.split('\n');
    expect(header).toMatch(/^key +model +size +stored +hits +prompt$/);
    expect(crow).toMatch(/^k1:[0-9a-f]{32} {2}qwen-image-max {2}512\*512 {2}\d{4}-\d\d-\d\d {2}0 +a crow$/);
    expect(fox).toMatch(/ a red fox$/);
    const json = await ask(stack, 'ls', '--json');
    expect([json.code, json.stderr]).toEqual([0, '']);
    expect(jsonLines(json.stdout)).toEqual((await admin(stack, 'GET', 'entries')).json.entries);
  });

  it('finds by words and by every filter', async () => {
    const stack = await startStack();
    await draw(stack, 'red fox', { seed: 1, key: 'sk-alice' });
    await draw(stack, '雪山上的红色狐狸', { size: '1328*1328' });
    await draw(stack, 'fox red', { seed: 3, model: 'qwen-image-2.0-pro' });
    const { scope } = (await admin(stack, 'GET', 'entries?seed=1')).json.entries[0];
    await admin(stack, 'POST', `entries/${await keyOf(stack, 'fox red')}/pin`, { pinned: true });
    await admin(stack, 'PUT', `entries/${await keyOf(stack, 'red fox')}/tags`, { tags: ['Mood board'] });
    const found: [string[], string[]][] = [
      [
        ['fox', 'red'],
        ['fox red', 'red fox'],
      ],
      [['"red fox"'], ['red fox']],
      [['红'], ['雪山上的红色狐狸']],
      [['--model', 'qwen-image-2.0-pro'], ['fox red']],
      [['--size', '1328x1328'], ['雪山上的红色狐狸']],
      [['--seed', '1'], ['red fox']],
      [['--scope', scope], ['red fox']],
      [['--site', 'cn'], []],
      [['--tag', 'Mood board'], ['red fox']],
      [['--pinned'], ['fox red']],
      [['--no-pinned', 'fox'], ['red fox']],
      [['--min-age', '1h'], []],
      [
        ['--max-age', '1h', 'fox'],
        ['fox red', 'red fox'],
      ],
    ];
    for (const [args, expected] of found) {
      const { code, stdout } = await ask(stack, 'ls', ...args);
      expect([args, code, prompts(stdout)]).toEqual([args, 0, expected]);
    }
  });

  it('turns pages up to its limit, or to the end', async () => {
    const stack = await startStack();
    await draw(stack, 'one', { seed: 1 });
    await stack.stopServer();
    writeRows(
      stack,
      `with recursive n (n) as (select 2 union all select n + 1 from n where n < 450)
       insert into entries (id, site, scope, key, take, canonical, model, prompt, answer, created_at, used_at)
       select n.n, site, scope, key, n.n, canonical, model, prompt || n.n, answer, created_at, used_at from entries, n;
       insert into images select id, 0, (select sha256 from blobs), null from entries where id > 1;`,
    );
    const run = (...args: string[]) => runCommand(['ls', ...args], ownServer(stack));
    const some = await run('--limit', '201');
    expect(some.stderr).toBe(
      `201 entries in ${join(stack.folder, 'data')}, and there are more: --limit or --all shows them\n`,
    );
    expect(prompts(some.stdout)).toHaveLength(201);
    const ids = jsonLines((await run('--all', '--json')).stdout).map(({ id }) => id);
    expect(ids).toEqual(Array.from({ length: 450 }, (_, index) => 450 - index));
  });

  it('ends without a word when its reader has enough', async () => {
    const stack = await startStack();
    for (const prompt of ['one', 'two', 'three']) await draw(stack, prompt);
    await stack.stopServer();
    // More than a pipe holds.
    writeRows(stack, `update entries set prompt = prompt || hex(zeroblob(100000))`);
    await stack.startServer();
    const script = `'${process.execPath}' dist/cli/main.js ls --json --server ${stack.origin} | head -c 10`;
    const { stdout, stderr } = await promisify(execFile)('bash', [
      '--norc',
      '-euo',
      'pipefail',
      '-c',
      script,
    ]);
    expect([stdout, stderr]).toEqual(['{"id":3,"k', '']);
  });

  it('shows the use where it is sorted by it', async () => {
    const stack = await startStack();
    for (const prompt of ['one', 'two', 'one']) await draw(stack, prompt);
    await stack.server.services.usage.flush();
    const { stdout } = await ask(stack, 'ls', '--sort', 'used');
    expect(stdout).toMatch(/^key +model +size +used +hits +prompt$/m);
    expect(prompts((await ask(stack, 'ls', '--sort', 'hits')).stdout)).toEqual(['one', 'two']);
  });

  it('shows hostile prompts as text, on terminals and elsewhere', async () => {
    const stack = await startStack();
    const hostile = 'a\x1b]0;title\x07\x1b[2J\u009b31m\nk1:forged \u202eoff\u2028 \u2066x 👩‍🚀';
    await draw(stack, hostile);
    await draw(stack, `long ${'雪'.repeat(900)}`);
    const shown =
      'a\\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{9b}31m\\nk1:forged \\u{202e}off\\u{2028} \\u{2066}x 👩‍🚀';
    const plain = await ask(stack, 'ls');
    expect(plain.stdout.split('\n')).toHaveLength(4);
    expect(plain.stdout).toContain(shown.slice(0, 60));
    const json = await ask(stack, 'ls', '--json');
    expect(json.stdout).not.toMatch(/[^\P{C}\n\u200d]|\u2028/u);
    expect(jsonLines(json.stdout)[1].prompt).toBe(hostile);
    const key = await keyOf(stack, hostile);
    const entry = await ask(stack, 'show', key);
    expect(entry.stdout).not.toMatch(/[^\P{C}\n\u200d]|\u2028/u);
    expect(entry.stdout).toContain(`  prompt      ${shown.split('\\n')[0]}\n              k1:forged `);
    const terminal = new ChildCommand(['ls', '--server', stack.origin], {}, { terminal: true });
    expect(await terminal.ended).toBe(0);
    expect(terminal.output.replaceAll('\r\n', '\n')).not.toMatch(/[^\P{C}\n\u200d]|\u2028/u);
  });

  it('names the option that is wrong', async () => {
    const stack = await startStack();
    for (const [args, problem] of [
      [['--max-age', 'long'], '--max-age must be a time such as'],
      [['--seed', '1.5'], '--seed must be a whole number'],
      [['--limit', '0'], '--limit must be a whole number'],
      [['--limit', '3', '--all'], '--all'],
      [['--sort', 'size'], '--sort'],
      [['--model', ''], '--model may not be empty'],
      [[' '], 'the words may not be empty'],
      [['x'.repeat(1001)], 'the words may have 1000 characters'],
      [['--colour', 'red'], '--colour'],
    ] as const) {
      const { code, stdout, stderr } = await ask(stack, 'ls', ...args);
      expect([args, code, stdout]).toEqual([args, 2, '']);
      expect(stderr).toContain(problem);
    }
  });

  it('says when a server is not to be asked', async () => {
    const gone = await runCommand(['ls', '--server', 'http://127.0.0.1:9'], {});
    expect(gone).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/127\.0\.0\.1:9 cannot be reached/),
    });
    const other = await startServer((_, response) => response.end('<html>'));
    const odd = await runCommand(['ls', '--server', other.origin], {});
    expect(odd).toMatchObject({ code: 1, stderr: expect.stringMatching(/not as a dashcache does/) });
    const stack = await startStack({ DASHCACHE_ADMIN_TOKEN: 'an-admin-token-0123456789' });
    const wrong = await runCommand(['ls', '--server', stack.origin], {
      DASHCACHE_ADMIN_TOKEN: 'another-token-0123456789',
    });
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringMatching(/This is not the admin token/) });
    const right = { DASHCACHE_ADMIN_TOKEN: 'an-admin-token-0123456789' };
    expect((await runCommand(['ls', '--server', stack.origin], right)).code).toBe(0);
  });
});
