import { type Command, Option } from 'commander';
import type { Environment } from '../../config.ts';
import { SETTINGS } from '../../settings.ts';
import { readConfigFile } from './config-file.ts';

/** Where a setting's value was given. A flag beats the environment, and the environment beats the file. */
export type SettingSource = 'flag' | 'environment' | 'file' | 'default';

/** The settings of one command, from wherever they were given. */
export interface GivenSettings {
  /** As `parseConfig` and the search for the key read them. */
  readonly env: Environment;
  sourceOf(name: string): SettingSource;
}

/** The values of the flags of `addSettingOptions`, by attribute. */
export type SettingFlags = Readonly<Record<string, unknown>> & { readonly config?: string };

type SettingName = keyof typeof SETTINGS;

/** Adds `--config` and a flag for each of these settings: `DASHCACHE_MAX_BYTES` becomes `--max-bytes`. */
export function addSettingOptions(command: Command, settings: readonly SettingName[]): Command {
  command.addOption(
    new Option('--config <file>', 'file of NAME=value lines with further settings').helpGroup('Settings:'),
  );
  for (const setting of settings) command.addOption(optionFor(setting));
  return command;
}

/** Every setting there is. */
export const ALL_SETTINGS: readonly SettingName[] = Object.keys(SETTINGS).filter(isSettingName);

/** Reads a command's settings from its flags, the environment and the config file. */
export async function givenSettings(
  flags: SettingFlags,
  environment: Environment = process.env,
): Promise<GivenSettings> {
  const file = flags.config === undefined ? {} : await readConfigFile(flags.config);
  const byFlag = new Map(
    ALL_SETTINGS.flatMap((setting) => {
      const value = flags[optionFor(setting).attributeName()];
      return typeof value === 'string' ? [[SETTINGS[setting].name, value] as const] : [];
    }),
  );
  const given = Object.entries(environment).filter(([, value]) => value !== undefined && value !== '');
  const inEnvironment = new Map(given);
  return {
    env: { ...file, ...Object.fromEntries(inEnvironment), ...Object.fromEntries(byFlag) },
    sourceOf: (name) => {
      if (byFlag.has(name)) return 'flag';
      if (inEnvironment.has(name)) return 'environment';
      return file[name] === undefined || file[name] === '' ? 'default' : 'file';
    },
  };
}

function optionFor(setting: SettingName): Option {
  const { name, fallback, absent, meaning } = SETTINGS[setting];
  const flag = name
    .replace(/^DASHCACHE_/, '')
    .toLowerCase()
    .replaceAll('_', '-');
  const otherwise = (fallback ?? absent ?? '') === '' ? '' : `, default ${plain(fallback ?? absent)}`;
  return new Option(`--${flag} <value>`, `${plain(meaning)} (${name}${otherwise})`).helpGroup('Settings:');
}

/** Markdown without its marks. */
function plain(markdown = ''): string {
  return markdown.replaceAll('`', '');
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(SETTINGS, name);
}
