import { homedir } from 'node:os';
import { searchApiKey } from '../../adapters/node/api-key.ts';
import { type Config, parseConfig } from '../../config.ts';
import { SETTINGS } from '../../settings.ts';
import {
  ALL_SETTINGS,
  type GivenSettings,
  givenSettings,
  type SettingFlags,
} from '../settings/settings-source.ts';
import { formatTable } from '../terminal/text-table.ts';

interface Row {
  readonly name: string;
  /** null when there is none; `meaning` says what that means. */
  readonly value: string | null;
  readonly meaning: string;
  readonly from: string;
}

const MASK = '********';

/** Prints the settings as `serve` would take them, secrets masked, and where each was given. */
export async function printConfig(flags: SettingFlags & { readonly json?: boolean }): Promise<void> {
  const given = await givenSettings(flags);
  const config = parseConfig(given.env);
  const rows = ALL_SETTINGS.map((setting) => rowOf(setting, given, config));
  const { found, looked } = await searchApiKey(given.env, homedir());
  const places = looked.map(({ place, problem }) => (problem === undefined ? place : `${place}: ${problem}`));
  if (flags.json === true) {
    const settings = Object.fromEntries(rows.map(({ name, value, from }) => [name, { value, from }]));
    const key = found === undefined ? { found: false, looked: places } : { found: true, from: found.source };
    console.log(JSON.stringify({ settings, key }, undefined, 2));
    return;
  }
  console.log(
    formatTable(
      ['setting', 'value', 'from'],
      rows.map(({ name, value, meaning, from }) => [name, value ?? meaning, from]),
      { wordColumns: 3 },
    ),
  );
  console.log(
    found === undefined
      ? `\nNo API key found; looked in ${places.join(', ')}.`
      : `\nThe API key is from ${found.source}.`,
  );
}

function rowOf(setting: keyof typeof SETTINGS, { env, sourceOf }: GivenSettings, config: Config): Row {
  const { name, fallback, absent, secret } = SETTINGS[setting];
  const from = sourceOf(name);
  const row = { name, from, meaning: (absent ?? '').replaceAll('`', '') };
  if (from !== 'default') return { ...row, value: secret === true ? MASK : (env[name] ?? null) };
  // Values that depend on other settings are known by now.
  const decided = config[setting];
  return { ...row, value: fallback ?? (typeof decided === 'string' ? decided : null) };
}
