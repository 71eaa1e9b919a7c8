import { describe, expect, it } from 'vitest';
import { runCommand } from '../../support/servers/child-command.ts';
import { ChildServer } from '../../support/servers/child-server.ts';
import { prepareCli } from '../../support/servers/cli-stack.ts';
import { body } from '../../support/servers/stack.ts';

const wish = (seed: number) => JSON.stringify({ prompt: 'a boat', size: '512*512', seed });
const ADMIN_TOKEN = 'an-admin-token-0123456789';

describe('explain', () => {
  it('says what would become of a request in any dialect, and buys nothing', async () => {
    const { env, folder, asked } = await prepareCli();
    await runCommand(['generate', '--request', wish(1)], env, { cwd: folder });
    const miss = await runCommand(['explain', wish(2)], env);
    expect(miss.code).toBe(0);
    expect(miss.stdout).toMatch(/^miss: /);
    expect(miss.stdout).toMatch(/^ {2}key +k1:[0-9a-f]{32}$/m);
    expect(miss.stdout).toMatch(/^ {2}price +0\.50 CNY$/m);
    expect(miss.stdout).toMatch(/^ +.*seed: asked 2, stored 1$/m);
    const input = JSON.stringify(body('a boat', { size: '512x512', seed: 1, n: 1 }));
    const hit = await runCommand(['explain', '-'], env, { input });
    expect(hit.stdout).toMatch(/^hit: /);
    expect(hit.stdout).toMatch(/^ {2}model +qwen-image-max, asked for in the words of dashscope$/m);
    expect(asked()).toBe(1);
  });

  it('prints the server’s own JSON', async () => {
    const { env } = await prepareCli();
    const { stdout } = await runCommand(['explain', '--json', wish(1)], env);
    expect(JSON.parse(stdout)).toMatchObject({
      dialect: 'image.generate',
      result: 'miss',
      key: expect.stringMatching(/^k1:/),
    });
  });

  it('takes the name of a scope for its own server, too', async () => {
    const { env } = await prepareCli();
    const { code, stdout } = await runCommand(['explain', wish(1), '--scope', 'token:ann'], env);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ {2}scope +token:ann$/m)]);
  });

  it('tells errors as the request itself would get them', async () => {
    const { env } = await prepareCli();
    const end = await runCommand(['explain', '{"prompt":"x","size":"huge"}'], env);
    expect(end).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/^dashcache: .*size/) });
  });

  it('asks a server that is not for everybody with its admin token', async () => {
    const { env } = await prepareCli();
    const { origin } = await ChildServer.start({
      ...env,
      DASHCACHE_AUTH: 'token',
      DASHCACHE_TOKENS: 'ann:0123456789abcdef',
      DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN,
    });
    const args = ['explain', '--server', origin, wish(1), '--scope', 'token:ann'];
    const { DASHSCOPE_API_KEY = '' } = env;
    expect(await runCommand(args, { DASHSCOPE_API_KEY })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('DASHCACHE_ADMIN_TOKEN'),
    });
    const unnamed = await runCommand(args.slice(0, -2), {
      DASHSCOPE_API_KEY,
      DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN,
    });
    expect(unnamed).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^dashcache: --scope is missing.* --scope=token:/),
    });
    const end = await runCommand(args, { DASHSCOPE_API_KEY, DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN });
    expect(end).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ {2}scope +token:ann$/m) });
  });
});
