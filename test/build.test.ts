import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = 'src/cli/main.ts';

let folder: string;

/** A checkout of a program of two files, with this repository's build. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dashcache-build-'));
  await mkdir(join(folder, 'src/cli'), { recursive: true });
  for (const file of ['esbuild.config.mjs', 'package.json', 'package-lock.json', 'tsconfig.json']) {
    await cp(join(ROOT, file), join(folder, file));
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  await write(MAIN, `import { word } from '../word.ts';\nconsole.log(word satisfies string);\n`);
  await write('src/word.ts', `export const word = 'first';\n`);
});

afterEach(() => rm(folder, { recursive: true }));

const write = (file: string, text: string) => writeFile(join(folder, file), text);
const node = (file: string) => execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });

/** Builds as every start does, and says what the program then says. */
function start(): string {
  node('esbuild.config.mjs');
  return node('dist/cli/main.js').trim();
}

it('leaves alone what was built from the same sources', async () => {
  expect(start()).toBe('first');
  await write('dist/cli/main.js', `console.log('not built again');`);
  expect(start()).toBe('not built again');
});

it('builds again when a source says something else, however old its file looks', async () => {
  start();
  await write('src/word.ts', `export const word = 'second';\n`);
  await utimes(join(folder, 'src/word.ts'), 1, 1);
  expect(start()).toBe('second');
});

it('builds again when the packages are others', async () => {
  start();
  await write('dist/cli/main.js', `console.log('stale');`);
  await write('package-lock.json', `${await readFile(join(folder, 'package-lock.json'), 'utf8')}\n`);
  expect(start()).toBe('first');
});

it('fails rather than run a program whose source is gone', async () => {
  start();
  await rm(join(folder, 'src/word.ts'));
  expect(start).toThrow(/word\.ts/);
});

it('builds again after a build that was broken off', async () => {
  start();
  await rm(join(folder, 'dist/sources.sha256'));
  await write('dist/cli/main.js', `console.log('half`);
  expect(start()).toBe('first');
});

it('keeps the program that there is when the new one cannot be built', async () => {
  start();
  await write('src/word.ts', 'export const word = ;');
  expect(() => node('esbuild.config.mjs')).toThrow(/word\.ts/);
  await write('src/word.ts', `export const word = 'third';\n`);
  expect(start()).toBe('third');
});
