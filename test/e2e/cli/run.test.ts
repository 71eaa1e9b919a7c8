import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChildCommand, runCommand } from '../../support/servers/child-command.ts';
import { ChildServer } from '../../support/servers/child-server.ts';
import { prepareCli } from '../../support/servers/cli-stack.ts';
import { body } from '../../support/servers/stack.ts';

/** A program that asks for these prompts at once, as an SDK does, and prints what it got. */
function program(...prompts: string[]): string[] {
  return ['--', process.execPath, '--input-type=module', '--eval', sourceOf(prompts)];
}

function sourceOf(prompts: readonly string[]): string {
  const bodies = prompts.map((prompt) => body(prompt, { size: '512*512', seed: 1 }));
  return `
    const path = '/services/aigc/multimodal-generation/generation';
    const headers = { authorization: 'Bearer ' + process.env.DASHSCOPE_API_KEY, 'content-type': 'application/json' };
    for (const body of ${JSON.stringify(bodies)}) {
      const answer = await fetch(process.env.DASHSCOPE_HTTP_BASE_URL + path, { method: 'POST', headers, body: JSON.stringify(body) });
      const image = /"image":"([^"]+)"/.exec(await answer.text())?.[1];
      console.log(answer.headers.get('x-cache'), (await fetch(image)).status);
    }`;
}

const shell = (script: string) => ['--', 'sh', '-c', script];

describe('run', () => {
  it('says what the program’s requests came to', async () => {
    const { env, asked } = await prepareCli();
    const first = await runCommand(['run', ...program('one', 'one', 'two', 'one')], env);
    expect(first).toEqual({
      code: 0,
      stdout: 'MISS 200\nHIT 200\nMISS 200\nHIT 200',
      stderr: 'dashcache: 2 hits, 2 misses; spent 1.00 CNY, saved 1.00 CNY\n',
    });
    const second = await runCommand(['run', '--json', ...program('two')], env);
    expect(JSON.parse(second.stderr)).toEqual({
      hits: 1,
      misses: 0,
      coalesced: 0,
      bypassed: 0,
      spent: { known: [], unknown: 0 },
      saved: { known: [{ amount: 0.5, currency: 'CNY' }], unknown: 0 },
    });
    expect(asked()).toBe(2);
  });

  it('counts a picture as spent although its program did not wait for it', async () => {
    const { env, simulator } = await prepareCli();
    const held = simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const source = `process.once('SIGTERM', () => process.exit(4));${sourceOf(['left'])}`;
    const args = ['run', process.execPath, '--input-type=module', '--eval', source];
    const child = new ChildCommand(args, env);
    await simulator.control.waitFor('generation', 1);
    child.kill('SIGTERM');
    held.release();
    expect(await child.ended).toBe(4);
    expect(child.stderr).toBe('dashcache: 0 hits, 1 miss; spent 0.50 CNY, saved nothing\n');
  });

  it.each([
    ['exit 7', 7],
    ['kill -TERM $$', 143],
    ['kill -KILL $$', 137],
  ])('of %j ends as the program did', async (script, code) => {
    const { env } = await prepareCli();
    expect(await runCommand(['run', ...shell(script)], env)).toMatchObject({ code, stdout: '' });
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'passes %s on, and still says what it came to',
    async (signal) => {
      const { env } = await prepareCli();
      // It ends by itself in time, should the signal be lost.
      const script =
        'trap "echo got it; exit 3" TERM INT HUP; echo ready; for i in $(seq 400); do sleep 0.05; done';
      const child = new ChildCommand(['run', ...shell(script)], env);
      await child.stdoutLine(/^ready$/);
      child.kill(signal);
      expect(await child.ended).toBe(3);
      expect(child.stdout).toBe('ready\ngot it');
      expect(child.stderr).toMatch(/^dashcache: 0 hits/);
    },
  );

  it('says that a program does not exist, or is none', async () => {
    const { env, folder } = await prepareCli();
    expect(await runCommand(['run', 'no-such-program'], env)).toMatchObject({
      code: 127,
      stderr: expect.stringMatching(/^dashcache: no-such-program cannot be started: .*\n$/),
    });
    expect((await runCommand(['run', folder], env)).code).toBe(126);
  });

  it('leaves the program’s own options alone', async () => {
    const { env } = await prepareCli();
    const { stdout } = await runCommand(['run', 'printf', '%s|', '--json', '-h', '--', 'x'], env);
    expect(stdout).toBe('--json|-h|--|x|');
  });

  it('sets what the SDKs read, beside the program’s own environment', async () => {
    const { env } = await prepareCli();
    const names = 'DASHSCOPE_HTTP_BASE_URL DASHSCOPE_BASE_URL OPENAI_BASE_URL OPENAI_API_KEY NO_PROXY MINE';
    const script = `for name in ${names}; do eval echo "\\$name=\\$$name"; done`;
    const { stdout } = await runCommand(['run', ...shell(script)], { ...env, MINE: 'kept', NO_PROXY: 'lan' });
    const base = /^DASHSCOPE_HTTP_BASE_URL=(http:\/\/127\.0\.0\.1:\d+)\/api\/v1$/m.exec(stdout)?.[1];
    expect(stdout.split('\n')).toEqual([
      `DASHSCOPE_HTTP_BASE_URL=${base}/api/v1`,
      `DASHSCOPE_BASE_URL=${base}/api/v1`,
      `OPENAI_BASE_URL=${base}/v1`,
      `OPENAI_API_KEY=${env.DASHSCOPE_API_KEY}`,
      'NO_PROXY=lan,localhost,127.0.0.1',
      'MINE=kept',
    ]);
  });

  it('asks the server that it is told, whose figures it does not have', async () => {
    const { env, asked } = await prepareCli();
    const server = await ChildServer.start(env);
    const end = await runCommand(
      ['run', '--server', `${server.origin}/api/v1/`, ...program('one', 'one')],
      env,
    );
    expect(end).toMatchObject({ code: 0, stdout: 'MISS 200\nHIT 200' });
    expect(end.stderr).toMatch(/^dashcache: .*known to the server/);
    expect(asked()).toBe(1);
  });

  it('does not share a folder with a server, and names its process', async () => {
    const { env } = await prepareCli();
    const server = await ChildServer.start(env);
    const end = await runCommand(['run', ...shell('echo never')], env);
    expect(end).toMatchObject({ code: 2, stdout: '' });
    expect(end.stderr).toMatch(new RegExp(`in use by process ${server.pid}\\b.*--server`));
  });

  it('takes the folder and upstream from flags', async () => {
    const { env, folder, simulator, asked } = await prepareCli();
    const { DASHSCOPE_API_KEY = '' } = env;
    const flags = ['--data', join(folder, 'other'), '--upstream', simulator.origin];
    const end = await runCommand(['run', ...flags, ...program('one')], { DASHSCOPE_API_KEY });
    expect(end).toMatchObject({ code: 0, stdout: 'MISS 200' });
    expect(asked()).toBe(1);
  });
});
