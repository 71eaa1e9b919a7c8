import { EXCLUSIONS } from '../../src/core/recipe/exclusions.ts';

/** The documentation’s table of what is left out of the key, as Markdown, from the list in code. */
export function renderExclusionsTable(): string {
  const rows = EXCLUSIONS.map(({ part, name, reason }) => `| ${part} | \`${name}\` | ${reason} |`);
  return ['| part | name | reason |', '|---|---|---|', ...rows].join('\n');
}
