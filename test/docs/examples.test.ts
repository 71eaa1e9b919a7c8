import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { API_KEY } from '../support/servers/stack.ts';
import { startStack } from '../support/servers/start-stack.ts';
import { type Block, blocksOf, listPages, readPage } from './pages.ts';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** First lines of blocks that are not run here, with what tests them instead, or why nothing can. */
const NOT_RUN: ReadonlyMap<string, string> = new Map([
  ['npm ci && npm run demo', 'demo.test.ts runs the demo; CI begins with npm ci'],
  ['npm ci && npm test', 'this is it'],
  ['npm ci && npm run build && npm install --global .', 'commands.test.ts calls what it would install'],
  ['npm ci && npm run simulate', 'demo.test.ts starts the simulator'],
  ['npm run simulate', 'demo.test.ts starts the simulator'],
  [
    'export DASHSCOPE_API_KEY=sk-…      # or ~/.alibabacloud/credentials, ~/.dashscope/api_key',
    'asks the real vendor; process.test.ts starts the server',
  ],
  [
    'export DASHCACHE_UPSTREAM=http://127.0.0.1:8788 DASHCACHE_SITE=simulator DASHSCOPE_API_KEY=sk-simulated',
    'a stack has these settings; process.test.ts starts the server',
  ],
  ['npm ci && npm run build', 'serves until it is ended; auth-token.test.ts has the same settings'],
  [
    'export DASHSCOPE_HTTP_BASE_URL=https://images.example.com/api/v1 DASHSCOPE_API_KEY=<the token>',
    'sets what a program reads; auth-token.test.ts sends what an SDK then sends',
  ],
  [
    'dashcache backup /backups/dashcache --data ./data     # also while a server has the folder',
    'backup.test.ts gives both commands, with folders of its own',
  ],
  [
    'from=http://127.0.0.1:8787 to=http://127.0.0.1:8789 key=k1:508175c9afba081741f59c0d1496eecb',
    'needs jq; transfer.test.ts makes the same calls',
  ],
  [
    'npm ci',
    'CI runs what a contributor runs; worker.test.ts runs the Worker, and deploying needs an account',
  ],
]);

/** What the examples of a page must print. */
const PRINTED: Readonly<Record<string, readonly RegExp[]>> = {
  'README.md': [/^x-cache: MISS/m, /key="k1:508175c9afba081741f59c0d1496eecb"/],
  'docs/tutorials/first-image.md': [
    /^x-cache: MISS[\s\S]*"cached":false[\s\S]*^x-cache: HIT[\s\S]*"cached":true[\s\S]*^x-cache: HIT/m,
    /"differences":\[\{"field":"parameters.seed","asked":8,"stored":7\}\]/,
  ],
  'docs/how-to/explain-a-miss.md': [/"key":"k1:db64d653bc3cde225751b904a6c64438"/, /"result":"miss"/],
  'docs/how-to/image-generate.md': [/"seed":1234/, /^event: done/m, /^HTTP\/1.1 202[\s\S]*^location: /m],
  'docs/how-to/inspect-the-store.md': [/"entries":\[\]/, /"sample":\[\]/],
  'docs/how-to/monitor.md': [/"status":"ready"/, /at,model,hits,misses/],
  'docs/how-to/openai.md': [/}http:\/\/127\.0\.0\.1:\d+\/blobs\/[0-9a-f]{64}\.png$/m, /"size":"1024x1024"/],
  'docs/how-to/simulator.md': [/\d/],
  'docs/how-to/steer-the-cache.md': [/"take":2/],
  'docs/how-to/tasks.md': [/"task_status":"PENDING"[\s\S]*"task_status":"(PENDING|RUNNING|SUCCEEDED)"/],
};

const firstLine = ({ text }: Block) => text.split('\n', 1)[0] ?? '';

/** The blocks of a page without those of the section that commands.test.ts runs. */
const pageBlocks = (page: string) =>
  blocksOf(readPage(page).replace(/<!-- commands:begin -->[\s\S]*<!-- commands:end -->/, ''));

const shellBlocks = (page: string) => pageBlocks(page).filter(({ language }) => language === 'sh');

/** Of a page what is to be run, in its order. */
const examplesOf = (page: string) => shellBlocks(page).filter((block) => !NOT_RUN.has(firstLine(block)));

const PAGES = listPages().filter((page) => examplesOf(page).length > 0);

/**
 * A folder with the files that a page shows: blocks of JavaScript that begin with a comment of their name. `edit` is
 * applied to their text.
 */
async function prepareFolder(page: string, edit: (text: string) => string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dashcache-docs-'));
  onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
  await symlink(MODULES, join(folder, 'node_modules'));
  // An example that is refused has failed.
  await writeFile(join(folder, '.curlrc'), 'fail-with-body\n');
  for (const { language, text } of pageBlocks(page)) {
    const name = /^\/\/ (\S+\.mjs)/.exec(text)?.[1];
    if (language === 'js' && name !== undefined) await writeFile(join(folder, name), edit(text));
  }
  return folder;
}

it.each(PAGES)('the examples of %s work as they are written', async (page) => {
  const stack = await startStack({ DASHSCOPE_API_KEY: API_KEY });
  const atStack = (text: string) =>
    text
      .replaceAll('http://127.0.0.1:8787', stack.origin)
      .replaceAll('http://127.0.0.1:8788', stack.simulator.origin);
  const folder = await prepareFolder(page, atStack);
  const script = atStack(
    examplesOf(page)
      .map(({ text }) => text)
      .join('\n'),
  );
  const { stdout } = await promisify(execFile)('bash', ['--norc', '-euo', 'pipefail', '-c', script], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, DASHSCOPE_API_KEY: API_KEY },
  });
  expect(PRINTED[page] ?? [], `say in PRINTED what ${page} prints`).not.toEqual([]);
  for (const pattern of PRINTED[page] ?? []) expect(stdout).toMatch(pattern);
});

it('what is not run stands in the documentation, and what is run instead exists', () => {
  const lines = new Set(listPages().flatMap((page) => shellBlocks(page).map(firstLine)));
  expect([...NOT_RUN.keys()].filter((line) => !lines.has(line))).toEqual([]);
  const tests = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).map((path) => basename(path));
  const named = [...NOT_RUN.values()].flatMap((reason) => reason.match(/[\w-]+\.test\.ts/g) ?? []);
  expect(named.filter((name) => !tests.includes(name))).toEqual([]);
});
