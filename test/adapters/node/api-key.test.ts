import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findApiKey, searchApiKey } from '../../../src/adapters/node/api-key.ts';

/** A home folder with these files. */
async function createHome(files: Readonly<Record<string, string>>): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'dashcache-home-'));
  onTestFinished(() => rm(home, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text);
  }
  return home;
}

const CREDENTIALS = '.alibabacloud/credentials';
const HOME_FILE = '.dashscope/api_key';

describe('the API key', () => {
  it('is looked for in the order of the vendor, the first found wins', async () => {
    const home = await createHome({
      'key.txt': 'sk-file\n',
      [CREDENTIALS]: '[default]\ndashscope_api_key = sk-credentials\n',
      [HOME_FILE]: 'sk-home\n',
    });
    const file = join(home, 'key.txt');
    const both = { DASHSCOPE_API_KEY: 'sk-variable', DASHSCOPE_API_KEY_FILE_PATH: file };
    expect(await findApiKey(both, home)).toEqual({ key: 'sk-variable', source: 'DASHSCOPE_API_KEY' });
    expect(await findApiKey({ ...both, DASHSCOPE_API_KEY: ' ' }, home)).toEqual({
      key: 'sk-file',
      source: `${file} (named by DASHSCOPE_API_KEY_FILE_PATH)`,
    });
    expect(await findApiKey({}, home)).toEqual({
      key: 'sk-credentials',
      source: `${join(home, CREDENTIALS)} [default]`,
    });
    await rm(join(home, CREDENTIALS));
    expect(await findApiKey({}, home)).toEqual({ key: 'sk-home', source: join(home, HOME_FILE) });
    await rm(join(home, HOME_FILE));
    expect(await findApiKey({}, home)).toBeUndefined();
  });

  it('is trimmed everywhere', async () => {
    expect((await findApiKey({ DASHSCOPE_API_KEY: '  sk-1\n' }, '/nowhere'))?.key).toBe('sk-1');
    const home = await createHome({ [HOME_FILE]: '\uFEFF sk-2 \r\nsecond line\r\n' });
    expect((await findApiKey({}, home))?.key).toBe('sk-2');
  });

  it.each([
    ['[default]\ndashscope_api_key=sk-1', {}],
    ['[default]\r\nDASHSCOPE_API_KEY = sk-1\r\n', {}],
    ['; comment\n[default]\nDashScope_Api_Key = "sk-1"\n', {}],
    ['[default]\ndashscope_api_key=no\n[work]\ndashscope_api_key=sk-1', { ALIBABA_CLOUD_PROFILE: 'work' }],
    ['[default]\ndashscope_api_key=no\n[work]\ndashscope_api_key=sk-1', { ALICLOUD_PROFILE: 'work' }],
    [
      '[old]\ndashscope_api_key=no\n[work]\ndashscope_api_key=sk-1',
      { ALIBABA_CLOUD_PROFILE: 'work', ALICLOUD_PROFILE: 'old' },
    ],
    ['[a.b]\ndashscope_api_key=sk-1', { ALIBABA_CLOUD_PROFILE: 'a.b' }],
  ])('is read from the credentials file %j with %j', async (text, env) => {
    const home = await createHome({ [CREDENTIALS]: text });
    expect((await findApiKey(env, home))?.key).toBe('sk-1');
  });

  it.each([
    ['{"dashscope_api_key": "sk-secret"}', {}, 'broken'],
    ['dashscope_api_key = sk-secret', {}, 'broken'],
    ['[default]\ndashscope_api_key: sk-secret', {}, 'not of the form'],
    ['[default]\ndashscope_api_key', {}, 'not of the form'],
    ['[default]\ndashscope_api_key = sk secret', {}, 'no key'],
    ['[default]\ndashscope_api_key = sk-secret', { ALIBABA_CLOUD_PROFILE: 'work' }, 'no such profile'],
  ])('is passed over, and the problem told, in the credentials file %j', async (text, env, problem) => {
    const home = await createHome({ [CREDENTIALS]: text, [HOME_FILE]: 'sk-home' });
    const { found, looked } = await searchApiKey(env, home);
    expect(found?.key).toBe('sk-home');
    expect(looked[2]?.problem).toContain(problem);
    expect(JSON.stringify(looked)).not.toContain('secret');
  });

  it('is passed over, and told, in a file that cannot be read', async () => {
    const readFile = async () => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' });
    };
    const { found, looked } = await searchApiKey(
      { DASHSCOPE_API_KEY_FILE_PATH: '/key' },
      '/home/me',
      readFile,
    );
    expect(found).toBeUndefined();
    expect(looked.map(({ problem }) => problem)).toEqual([
      undefined,
      'it cannot be read (EACCES)',
      'it cannot be read (EACCES)',
      'it cannot be read (EACCES)',
    ]);
  });

  it.each([
    ['missing', undefined, 'there is no such file'],
    ['empty', ' \n', 'the file is empty'],
  ])('tells of a named file that is %s, and looks on', async (_state, text, problem) => {
    const home = await createHome({
      [HOME_FILE]: 'sk-home',
      ...(text === undefined ? {} : { 'key.txt': text }),
    });
    const { found, looked } = await searchApiKey(
      { DASHSCOPE_API_KEY_FILE_PATH: join(home, 'key.txt') },
      home,
    );
    expect(found?.key).toBe('sk-home');
    expect(looked[1]?.problem).toBe(problem);
  });

  it('names every place when there is none', async () => {
    const home = await createHome({});
    expect(await searchApiKey({}, home)).toEqual({
      found: undefined,
      looked: [
        { place: 'DASHSCOPE_API_KEY' },
        { place: 'DASHSCOPE_API_KEY_FILE_PATH' },
        { place: `${join(home, CREDENTIALS)} [default]` },
        { place: join(home, HOME_FILE) },
      ],
    });
  });
});
