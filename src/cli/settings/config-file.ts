import { readFile } from 'node:fs/promises';
import type { Environment } from '../../config.ts';
import { AppError } from '../../core/errors.ts';
import { SETTINGS } from '../../settings.ts';

/** Further names that dashcache reads from the environment: they say where the server's key is. */
const KEY_VARIABLES = [
  'DASHSCOPE_API_KEY',
  'DASHSCOPE_API_KEY_FILE_PATH',
  'ALIBABA_CLOUD_PROFILE',
  'ALICLOUD_PROFILE',
] as const;

const KNOWN: ReadonlySet<string> = new Set([
  ...Object.values(SETTINGS).map(({ name }) => name),
  ...KEY_VARIABLES,
]);

/** Reads the settings in a file. Errors: `config`, which names the file and the line at fault. */
export async function readConfigFile(path: string): Promise<Environment> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('config', `The config file ${path} cannot be read: ${reason}.`, { cause });
  }
  return parseConfigFile(text, path);
}

/**
 * Parses lines of `NAME=value`, as in environment files. Blank lines and lines that begin with `#` are skipped, quotes
 * around a whole value are removed, and nothing else is special. An unknown name is an error: a misspelled setting would
 * otherwise silently do nothing.
 */
export function parseConfigFile(text: string, path: string): Environment {
  const settings: Record<string, string> = {};
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, value] = /^\s*([A-Za-z_]\w*)\s*=(.*)$/.exec(line) ?? [];
    const fail = (problem: string) => new AppError('config', `${path}, line ${index + 1}: ${problem}.`);
    // Never the line itself: it may hold a secret.
    if (name === undefined || value === undefined) throw fail('this is not NAME=value');
    if (!KNOWN.has(name)) throw fail(`there is no setting ${name}`);
    if (Object.hasOwn(settings, name)) throw fail(`${name} is there twice`);
    settings[name] = unquote(value.trim());
  }
  return settings;
}

function unquote(text: string): string {
  return /^(["'])(.*)\1$/.exec(text)?.[2] ?? text;
}
