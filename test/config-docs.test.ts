import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SETTINGS } from '../src/settings.ts';
import { renderPricesTable } from './support/data/prices-table.ts';
import { renderSettingsTable } from './support/data/settings-table.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

it('README’s table of settings is the one in code', () => {
  const [, table] = /<!-- settings:begin -->\n+([\s\S]*?)\n+<!-- settings:end -->/.exec(readme) ?? [];
  expect(table).toBe(renderSettingsTable());
});

it('README’s table of prices is the one in code', () => {
  const [, table] = /<!-- prices:begin -->\n+([\s\S]*?)\n+<!-- prices:end -->/.exec(readme) ?? [];
  expect(table).toBe(renderPricesTable());
});

it('every setting has a row of its own that says what it means', () => {
  const names = Object.values(SETTINGS).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, meaning, absent = '' } of Object.values(SETTINGS)) {
    expect(name).toMatch(/^(HOST|PORT|DASHCACHE_[A-Z0-9_]+)$/);
    expect(meaning).toMatch(/^[^|]+\.$/);
    expect(absent).not.toContain('|');
  }
});
