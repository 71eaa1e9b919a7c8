import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { listPages, readPage } from './pages.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The README is a face, not a manual: bytes. */
const MAX_README = 10_000;

const withoutBlocks = (markdown: string) => markdown.replace(/^```[\s\S]*?^```$/gm, '');

/** The targets of a page's own links, without those to other sites. */
function linksOf(page: string): readonly string[] {
  return [...withoutBlocks(readPage(page)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that GitHub makes of a page's headings. */
function anchorsOf(page: string): readonly string[] {
  return [...withoutBlocks(readPage(page)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Where a link leads, as a path in the repository. */
function resolve(page: string, path: string): string {
  return path === '' ? page : posix.join(posix.dirname(page), path);
}

function isBroken(page: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = resolve(page, path);
  if (!existsSync(`${ROOT}/${file}`)) return true;
  return anchor !== undefined && !anchorsOf(file).includes(anchor);
}

it('every link leads to a file, and to a heading where it names one', () => {
  const broken = listPages().flatMap((page) =>
    linksOf(page)
      .filter((target) => isBroken(page, target))
      .map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});

it('every page of docs is in its index', () => {
  const linked = linksOf('docs/README.md').map((target) => resolve('docs/README.md', target));
  const pages = listPages().filter((page) => page.startsWith('docs/') && page !== 'docs/README.md');
  expect(pages.filter((page) => !linked.includes(page))).toEqual([]);
});

it('README stays short', () => {
  expect(Buffer.byteLength(readPage('README.md'))).toBeLessThanOrEqual(MAX_README);
});
