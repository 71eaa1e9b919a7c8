import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChildCommand, runCommand } from '../../support/servers/child-command.ts';
import { ChildServer } from '../../support/servers/child-server.ts';
import { type CliStack, prepareCli } from '../../support/servers/cli-stack.ts';
import { body } from '../../support/servers/stack.ts';

const wish = (prompt: string, more: object = {}) => ({ prompt, size: '512*512', seed: 1, ...more });

async function warm(stack: CliStack, lines: readonly unknown[], ...args: readonly string[]) {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  await writeFile(join(stack.folder, 'prompts.jsonl'), text);
  return await runCommand(['warm', 'prompts.jsonl', ...args], stack.env, { cwd: stack.folder });
}

describe('warm', () => {
  it('says what it will cost, buys what is missing, and nothing when it is given the file again', async () => {
    const stack = await prepareCli();
    const lines = [wish('one'), '', wish('two'), wish('one', { negative_prompt: null })];
    const first = await warm(stack, lines);
    expect(first).toMatchObject({ code: 0, stdout: '2 bought, spent 1.00 CNY' });
    expect(first.stderr.split('\n').sort()).toEqual([
      '',
      '3 requests: 1 expected hits, 2 to buy for 1.00 CNY',
      'line 1: bought for 0.50 CNY',
      'line 3: bought for 0.50 CNY',
    ]);
    const second = await warm(stack, [...lines, wish('three')]);
    expect(second).toMatchObject({ code: 0, stdout: '1 bought, spent 0.50 CNY' });
    expect(second.stderr).toMatch(/^4 requests: 3 expected hits, 1 to buy for 0\.50 CNY\n/);
    expect(stack.asked()).toBe(3);
  });

  it('reads every dialect, and knows the same picture in each', async () => {
    const stack = await prepareCli();
    const shapes = [
      wish('one', { n: 1 }),
      { ...body('one', { size: '512*512', seed: 1 }) },
      { model: 'qwen-image-max', input: { prompt: 'one' }, parameters: { size: '512*512', seed: 1, n: 1 } },
      { model: 'qwen-image-max', prompt: 'one', size: '512x512', seed: 1, response_format: 'url' },
      { model: 'wan2.5-t2i-preview', input: { prompt: 'two' }, parameters: { size: '1280*1280', n: 1 } },
    ];
    const { code, stdout } = await warm(stack, shapes, '--json', '--concurrency', '1');
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      lines: 5,
      stored: 0,
      repeated: 3,
      bought: 2,
      failed: [],
      left: 0,
    });
    expect(JSON.parse((await warm(stack, shapes, '--json')).stdout)).toMatchObject({ stored: 5, bought: 0 });
    expect(stack.asked()).toBe(2);
  });

  it('only looks in a dry run', async () => {
    const stack = await prepareCli();
    await warm(stack, [wish('one')]);
    const end = await warm(stack, [wish('one'), wish('two')], '--dry-run');
    expect(end).toEqual({
      code: 0,
      stdout: '',
      stderr: '2 requests: 1 expected hits, 1 to buy for 0.50 CNY\n',
    });
    const { stdout } = await warm(stack, [wish('one'), wish('two')], '--dry-run', '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      stored: 1,
      forecast: { known: [{ amount: 0.5, currency: 'CNY' }], unknown: 0 },
      bought: 0,
    });
    expect(stack.asked()).toBe(1);
  });

  it('stops before its budget is exceeded, and goes on another day', async () => {
    const stack = await prepareCli();
    const lines = [wish('one'), wish('two'), wish('three')];
    const first = await warm(stack, lines, '--budget', '1.20');
    expect(first).toMatchObject({
      code: 3,
      stdout: '2 bought, spent 1.00 CNY, 1 left: the budget does not suffice',
    });
    expect(stack.asked()).toBe(2);
    const second = await warm(stack, lines, '--budget', '0.5 CNY');
    expect(second).toMatchObject({ code: 0, stdout: '1 bought, spent 0.50 CNY' });
    expect(stack.asked()).toBe(3);
  });

  it('with a budget buys nothing of unknown price, unless it is told to', async () => {
    const stack = await prepareCli();
    const lines = [wish('one'), wish('two', { model: 'wan2.5-t2i-preview', size: '1280*1280' })];
    const refused = await warm(stack, lines, '--budget', '5');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toMatch(/--allow-unknown-cost/);
    expect(stack.asked()).toBe(0);
    const allowed = await warm(stack, lines, '--budget', '5', '--allow-unknown-cost');
    expect(allowed).toMatchObject({ code: 0, stdout: '2 bought, spent 0.50 CNY and 1 of unknown price' });
  });

  it('goes on after lines that fail, and says which; the file can be given again', async () => {
    const stack = await prepareCli();
    stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'refuse', code: 'DataInspectionFailed' },
    });
    const lines = [
      wish('one'),
      '{"prompt":',
      { size: '512*512' },
      wish('two'),
      '[]',
      wish('x', { model: 'gpt-9' }),
    ];
    const first = await warm(stack, lines, '--concurrency', '1');
    expect(first).toMatchObject({ code: 3, stdout: '1 bought, spent 0.50 CNY, 5 failed' });
    expect(first.stderr).toMatch(/^line 1: .*inappropriate content.*\(.*, request .*\)$/m);
    expect(first.stderr).toMatch(/^line 2: it is not JSON: /m);
    expect(first.stderr).toMatch(/^line 3: /m);
    expect(first.stderr).toMatch(/^line 5: it is JSON, but not an object$/m);
    expect(first.stderr).toMatch(/^line 6: .*gpt-9/m);
    const second = await warm(stack, lines, '--json');
    const failed: { line: number }[] = JSON.parse(second.stdout).failed;
    expect([second.code, failed.map(({ line }) => line)]).toEqual([3, [2, 3, 5, 6]]);
    expect(JSON.parse(second.stdout)).toMatchObject({ stored: 1, bought: 1 });
  });

  it('asks for no more at once than it is told', async () => {
    const stack = await prepareCli();
    const { control } = stack.simulator;
    const held = control.fault({ on: 'generation', effect: { kind: 'hold' }, times: 4 });
    await writeFile(
      join(stack.folder, 'prompts.jsonl'),
      ['one', 'two', 'three', 'four'].map((prompt) => JSON.stringify(wish(prompt))).join('\n'),
    );
    const args = ['warm', 'prompts.jsonl', '--concurrency', '2'];
    const child = new ChildCommand(args, stack.env, { cwd: stack.folder });
    await control.waitFor('generation', 2);
    expect(control.counters().asked).toBe(2);
    held.release();
    expect(await child.ended).toBe(0);
    expect(control.counters().asked).toBe(4);
  });

  it('that is interrupted keeps what is under way, begins nothing more, and can be given again', async () => {
    const stack = await prepareCli();
    const { control } = stack.simulator;
    const held = control.fault({ on: 'generation', effect: { kind: 'hold' }, times: 4 });
    const lines = ['one', 'two'].map((prompt) => JSON.stringify(wish(prompt)));
    await writeFile(join(stack.folder, 'prompts.jsonl'), lines.join('\n'));
    const args = ['warm', 'prompts.jsonl', '--concurrency', '1'];
    const child = new ChildCommand(args, stack.env, { cwd: stack.folder });
    await control.waitFor('generation', 1);
    child.kill('SIGINT');
    await child.stderrMatch(/SIGINT/);
    held.release();
    expect(await child.ended).toBe(130);
    expect(control.counters().asked).toBe(1);
    const again = await runCommand([...args, '--json'], stack.env, { cwd: stack.folder });
    expect(JSON.parse(again.stdout)).toMatchObject({ stored: 1, bought: 1 });
    expect(control.counters().asked).toBe(2);
  });

  it('says once what every line would fail with', async () => {
    const stack = await prepareCli();
    const lines = [wish('one'), wish('two')];
    const keyless = await warm({ ...stack, env: { ...stack.env, DASHSCOPE_API_KEY: '' } }, lines);
    expect(keyless).toMatchObject({ code: 1, stdout: '' });
    expect(keyless.stderr).toMatch(/^dashcache: No API-key .*looked in .*\n$/);
    const { origin } = await ChildServer.start({
      ...stack.env,
      DASHCACHE_DATA: join(stack.folder, 'other'),
      DASHCACHE_AUTH: 'passthrough',
    });
    const closed = await warm(stack, lines, '--server', origin);
    expect(closed).toMatchObject({ code: 1, stdout: '' });
    expect(closed.stderr).toMatch(/^dashcache: .*DASHCACHE_ADMIN_TOKEN.*\n$/);
    expect(stack.asked()).toBe(0);
  });

  it('tells a purchase that could not be kept', async () => {
    const stack = await prepareCli();
    stack.simulator.control.fault({ on: 'image', effect: { kind: 'truncate' }, times: 10 });
    const end = await warm({ ...stack, env: { ...stack.env, DASHCACHE_DOWNLOAD_TIMEOUT: '1ms' } }, [
      wish('one'),
    ]);
    expect(end).toMatchObject({ code: 3, stdout: '0 bought, spent 0.50 CNY, 1 failed' });
    expect(end.stderr).toMatch(/^line 1: it was paid for, but could not be kept$/m);
  });

  it.each([
    [['--concurrency', '0'], /--concurrency/],
    [['--budget', 'all'], /--budget/],
    [['--server', 'http://127.0.0.1:8787', '--data', 'x'], /--server .*--data/],
  ])('refuses %j', async (args, message) => {
    const stack = await prepareCli();
    expect(await warm(stack, [wish('one')], ...args)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(message),
    });
  });
});
