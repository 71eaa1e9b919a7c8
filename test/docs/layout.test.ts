import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readPage } from './pages.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

it('CONTRIBUTING names every room', () => {
  const [, layout = ''] = /```text\n([\s\S]*?)```/.exec(readPage('CONTRIBUTING.md')) ?? [];
  const rooms = ['core', 'services', 'http'].flatMap((floor) =>
    readdirSync(`${SRC}/${floor}`, { withFileTypes: true })
      .filter((found) => found.isDirectory())
      .map(({ name }) => name),
  );
  expect(rooms.filter((name) => !layout.includes(`${name}/`))).toEqual([]);
});
