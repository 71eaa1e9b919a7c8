import { expect, it } from 'vitest';
import { EXIT_CODES_HELP } from '../../src/cli/exit-codes.ts';
import { SETTINGS } from '../../src/settings.ts';
import { renderExclusionsTable } from './exclusions-table.ts';
import { readPage, readSection } from './pages.ts';
import { renderPricesTable } from './prices-table.ts';
import { renderSettingsTable } from './settings-table.ts';

it('the documentation’s table of settings is the one in code', () => {
  expect(readSection('docs/reference/configuration.md', 'settings')).toBe(renderSettingsTable());
});

it('the documentation’s table of prices is the one in code', () => {
  expect(readSection('docs/reference/prices.md', 'prices')).toBe(renderPricesTable());
});

it('the documentation’s table of what is left out of the key is the one in code', () => {
  expect(readSection('docs/reference/cache-key.md', 'exclusions')).toBe(renderExclusionsTable());
});

it('the documentation and --help tell the same exit codes', () => {
  const inHelp = [...EXIT_CODES_HELP.matchAll(/^ {2}(\S+(?: \d+)?) +(.*)$/gm)];
  expect(inHelp.length).toBeGreaterThan(4);
  const page = readPage('docs/reference/cli.md');
  for (const [, code, meaning] of inHelp) expect(page).toContain(`| ${code} | ${meaning} |`);
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
