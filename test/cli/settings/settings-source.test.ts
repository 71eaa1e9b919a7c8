import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { ALL_SETTINGS, addSettingOptions, givenSettings } from '../../../src/cli/settings/settings-source.ts';
import { SETTINGS } from '../../../src/settings.ts';
import { createFolder } from '../../support/servers/child-server.ts';

async function configFile(text: string): Promise<string> {
  const path = join(await createFolder(), 'dashcache.conf');
  await writeFile(path, text);
  return path;
}

describe('settings', () => {
  it('each have a flag of their own', () => {
    const { options } = addSettingOptions(new Command(), ALL_SETTINGS);
    const flags = options.map(({ long }) => long);
    expect(new Set(flags).size).toBe(Object.keys(SETTINGS).length + 1);
    expect(flags).toEqual(expect.arrayContaining(['--config', '--port', '--max-bytes', '--attempts-5xx']));
  });

  it('are what their flag says, however it is spelled by commander', async () => {
    const command = addSettingOptions(new Command(), ALL_SETTINGS);
    const args = Object.values(SETTINGS).flatMap(({ name }) => [
      `--${name.replace('DASHCACHE_', '').toLowerCase().replaceAll('_', '-')}`,
      `value of ${name}`,
    ]);
    command.parse(args, { from: 'user' });
    const { env } = await givenSettings(command.opts(), {});
    for (const { name } of Object.values(SETTINGS)) expect(env[name]).toBe(`value of ${name}`);
  });

  it('of a flag count before the environment, and those before the file', async () => {
    const config = await configFile('PORT=1\nHOST=file\nDASHCACHE_DATA=file\nDASHCACHE_SITE=');
    const environment = { PORT: '2', HOST: 'environment', DASHCACHE_DATA: '' };
    const { env, sourceOf } = await givenSettings({ config, port: '3' }, environment);
    expect(env).toMatchObject({ PORT: '3', HOST: 'environment', DASHCACHE_DATA: 'file' });
    expect(['PORT', 'HOST', 'DASHCACHE_DATA', 'DASHCACHE_SITE', 'DASHCACHE_SCOPE'].map(sourceOf)).toEqual([
      'flag',
      'environment',
      'file',
      'default',
      'default',
    ]);
  });
});
