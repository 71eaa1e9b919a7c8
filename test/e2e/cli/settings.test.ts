import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChildCommand, runCommand } from '../../support/servers/child-command.ts';
import { ChildServer, createFolder } from '../../support/servers/child-server.ts';

const SECRET = 'studio:0123456789abcdef';

describe('the command line', () => {
  it.each([
    [[], 2],
    [['nonsense'], 2],
    [['serve', '--nonsense'], 2],
    [['generate'], 2],
    [['--help'], 0],
    [['warm', '--help'], 0],
    [['--version'], 0],
  ])('%j ends with %i', async (args, code) => {
    expect((await runCommand(args, {})).code).toBe(code);
  });

  it('tells the exit codes with every help', async () => {
    for (const args of [['--help'], ['warm', '--help']]) {
      expect((await runCommand(args, {})).stdout).toMatch(/Exit codes:\n +0 +done/);
    }
  });
});

describe('serve', () => {
  it('takes settings from flags and a file', async () => {
    const folder = await createFolder();
    const config = join(folder, 'dashcache.conf');
    await writeFile(config, `DASHCACHE_DATA=${join(folder, 'data')}\nDASHCACHE_SCOPE=shared\nPORT=1\n`);
    const child = new ChildCommand(['serve', '--config', config, '--port', '0', '--site', 'lab'], {});
    const origin = (await child.stdoutLine(/^dashcache listens on /)).replace('dashcache listens on ', '');
    expect(await (await fetch(`${origin}/readyz`)).json()).toEqual({ status: 'ready' });
    await child.stdoutLine(/^ {2}upstream .*, site lab$/);
    await child.stdoutLine(/^ {2}auth .* scope shared$/);
    await child.stdoutLine(new RegExp(`^ {2}data +${join(folder, 'data')}$`));
    child.kill('SIGTERM');
    expect(await child.ended).toBe(0);
  });

  it.each([
    ['PORT = many', /^dashcache: PORT must be .*\n$/],
    ['DASHCACHE_PROT = 1', /^dashcache: .*dashcache\.conf, line 1: there is no setting DASHCACHE_PROT\.\n$/],
  ])('refuses %j in a file', async (line, message) => {
    const folder = await createFolder();
    await writeFile(join(folder, 'dashcache.conf'), line);
    const end = await runCommand(['serve', '--config', 'dashcache.conf'], {}, { cwd: folder });
    expect(end).toMatchObject({ code: 2, stderr: expect.stringMatching(message) });
  });

  it('refuses a file that is not there', async () => {
    const end = await runCommand(['serve', '--config', '/nonexistent.conf'], {});
    expect(end).toMatchObject({ code: 2, stderr: expect.stringContaining('/nonexistent.conf') });
  });
});

describe('config', () => {
  it('prints what serve would have, where it is from, and no secret', async () => {
    const env = { DASHCACHE_TOKENS: SECRET, DASHSCOPE_API_KEY: 'sk-0123456789' };
    const { code, stdout } = await runCommand(['config', '--port', '9000'], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^PORT +9000 +flag$/m);
    expect(stdout).toMatch(/^DASHCACHE_TOKENS +\*+ +environment$/m);
    expect(stdout).toMatch(/^DASHCACHE_SITE +cn +default$/m);
    expect(stdout).toMatch(/^DASHCACHE_MAX_BYTES +unlimited +default$/m);
    expect(stdout).toContain('The API key is from DASHSCOPE_API_KEY.');
    expect(stdout).not.toMatch(/0123456789/);
  });

  it('says where it looked for a key that is nowhere', async () => {
    const { stdout } = await runCommand(['config'], { HOME: '/nonexistent' });
    expect(stdout).toMatch(
      /No API key found; looked in DASHSCOPE_API_KEY, .*\/nonexistent\/\.dashscope\/api_key\./,
    );
  });

  it('is JSON for scripts', async () => {
    const { code, stdout } = await runCommand(['config', '--json'], { DASHCACHE_TOKENS: SECRET });
    expect(code).toBe(0);
    const { settings, key } = JSON.parse(stdout);
    expect(settings.PORT).toEqual({ value: '8787', from: 'default' });
    expect(settings.DASHCACHE_TOKENS).toEqual({ value: '********', from: 'environment' });
    expect(settings.DASHCACHE_MAX_BYTES).toEqual({ value: null, from: 'default' });
    expect(key).toMatchObject({ found: false });
  });

  it('refuses what serve would refuse', async () => {
    const end = await runCommand(['config'], { DASHCACHE_NO_SUCH: '1' });
    expect(end).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('DASHCACHE_NO_SUCH') });
  });
});

describe('migrate', () => {
  it('says what it applied, and that there is nothing left', async () => {
    const data = join(await createFolder(), 'data');
    const first = await runCommand(['migrate', '--data', data], {});
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('applied 0001_initial.sql\n') });
    expect(first.stdout).toContain(`${data}: is up to date`);
    expect(await runCommand(['migrate', '--data', data], {})).toMatchObject({
      code: 0,
      stdout: `${data}: was up to date`,
    });
    const json = await runCommand(['migrate', '--data', data, '--json'], {});
    expect(JSON.parse(json.stdout)).toEqual({ data, applied: [] });
  });

  it('leaves a folder alone that a server has', async () => {
    const data = await createFolder();
    const server = await ChildServer.start({ DASHCACHE_DATA: data });
    const end = await runCommand(['migrate', '--data', data], {});
    expect(end.code).toBe(2);
    expect(end.stderr).toMatch(new RegExp(`in use by process ${server.pid}\\b`));
  });
});
