import { readFile as readFileBytes } from 'node:fs/promises';
import { join } from 'node:path';
import ini from 'ini';

export interface ApiKey {
  /** A secret: never logged, never in a message. */
  readonly key: string;
  /** Where it was found, for people. */
  readonly source: string;
}

/** One place where a key may be. */
export interface ApiKeyPlace {
  readonly place: string;
  /** Why the place gave no key although the user meant it to: a named file that is missing, a broken line … */
  readonly problem?: string | undefined;
}

export interface ApiKeySearch {
  readonly found: ApiKey | undefined;
  /** In order, up to the one that gave the key: `no API key found; looked in …`. */
  readonly looked: readonly ApiKeyPlace[];
}

type Environment = Readonly<Record<string, string | undefined>>;
type ReadFile = (path: string) => Promise<string>;

/** What one place holds: nothing, text that should be a key, or a problem. */
interface Finding {
  readonly place: string;
  readonly text?: string | undefined;
  readonly problem?: string | undefined;
}

/**
 * The server's own DashScope key, from the places that the vendor's tools use, in this order: `DASHSCOPE_API_KEY`; the file
 * named by `DASHSCOPE_API_KEY_FILE_PATH`; `~/.alibabacloud/credentials`, `dashscope_api_key` under the profile named by
 * `ALIBABA_CLOUD_PROFILE` or `ALICLOUD_PROFILE`, else `[default]`; the first line of `~/.dashscope/api_key`.
 * Empty counts as absent. A place that cannot be read is skipped and reported in `looked`.
 */
export async function searchApiKey(
  env: Environment,
  homeFolder: string,
  readFile: ReadFile = readText,
): Promise<ApiKeySearch> {
  const places = [lookInVariable, lookInNamedFile, lookInCredentials, lookInHomeFile];
  const looked: ApiKeyPlace[] = [];
  for (const look of places) {
    const { place, text, problem } = await look(env, homeFolder, readFile);
    const key = text?.trim() ?? '';
    if (/^[\x21-\x7e]+$/.test(key)) return { found: { key, source: place }, looked: [...looked, { place }] };
    looked.push({
      place,
      problem: key === '' ? problem : 'what it holds is no key (it has spaces or odd characters)',
    });
  }
  return { found: undefined, looked };
}

/** The key that `searchApiKey` finds. */
export async function findApiKey(
  env: Environment,
  homeFolder: string,
  readFile?: ReadFile,
): Promise<ApiKey | undefined> {
  return (await searchApiKey(env, homeFolder, readFile)).found;
}

async function lookInVariable(env: Environment): Promise<Finding> {
  return { place: 'DASHSCOPE_API_KEY', text: env.DASHSCOPE_API_KEY };
}

async function lookInNamedFile(env: Environment, _homeFolder: string, readFile: ReadFile): Promise<Finding> {
  const path = env.DASHSCOPE_API_KEY_FILE_PATH?.trim() ?? '';
  if (path === '') return { place: 'DASHSCOPE_API_KEY_FILE_PATH' };
  const place = `${path} (named by DASHSCOPE_API_KEY_FILE_PATH)`;
  const file = await read(path, readFile);
  if (file.text?.trim() === '') return { place, problem: 'the file is empty' };
  return {
    place,
    text: file.text,
    problem: file.problem ?? (file.missing ? 'there is no such file' : undefined),
  };
}

async function lookInCredentials(env: Environment, homeFolder: string, readFile: ReadFile): Promise<Finding> {
  const named = env.ALIBABA_CLOUD_PROFILE?.trim() || env.ALICLOUD_PROFILE?.trim();
  const profile = named || 'default';
  const place = `${join(homeFolder, '.alibabacloud', 'credentials')} [${profile}]`;
  const { text, problem } = await read(join(homeFolder, '.alibabacloud', 'credentials'), readFile);
  if (text === undefined) return { place, problem };
  const sections: Readonly<Record<string, unknown>> = ini.parse(text);
  if (!Object.values(sections).every(isRecord)) {
    return { place, problem: 'it is broken (a line stands before the first [profile])' };
  }
  const section = findSection(sections, profile);
  if (section === undefined) return { place, problem: named && 'there is no such profile' };
  // A line without "=" is an option whose name is the line and whose value is true.
  const option = Object.entries(section).find(([name]) => /^dashscope_api_key\b/i.test(name));
  if (option === undefined) return { place };
  const [, value] = option;
  return typeof value === 'string'
    ? { place, text: value }
    : { place, problem: 'the line is not of the form dashscope_api_key = …' };
}

async function lookInHomeFile(_env: Environment, homeFolder: string, readFile: ReadFile): Promise<Finding> {
  const place = join(homeFolder, '.dashscope', 'api_key');
  const { text, problem } = await read(place, readFile);
  return { place, text: text?.split(/\r?\n/)[0], problem };
}

/** The parser nests a section whose name has dots: `[a.b]` is `b` in `a`. */
function findSection(parsed: unknown, profile: string): Readonly<Record<string, unknown>> | undefined {
  let section: unknown = parsed;
  for (const part of profile.split('.')) section = isRecord(section) ? section[part] : undefined;
  return isRecord(section) ? section : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function read(
  path: string,
  readFile: ReadFile,
): Promise<{ text?: string; missing?: boolean; problem?: string }> {
  try {
    return { text: (await readFile(path)).replace(/^\uFEFF/, '') };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return code === 'ENOENT' ? { missing: true } : { problem: `it cannot be read (${code})` };
  }
}

function readText(path: string): Promise<string> {
  return readFileBytes(path, 'utf8');
}
