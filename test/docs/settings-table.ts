import { SETTINGS } from '../../src/settings.ts';

/** README's table of settings, as Markdown, from the one in code. */
export function renderSettingsTable(): string {
  const rows = Object.values(SETTINGS).map(({ name, fallback, absent, meaning }) => {
    const shown = fallback ? `\`${fallback}\`` : (absent ?? '');
    return `| \`${name}\` | ${shown} | ${meaning} |`;
  });
  return ['| name | default | meaning |', '|---|---|---|', ...rows].join('\n');
}
