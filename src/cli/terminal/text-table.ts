import { cutToWidth, displayWidth } from './display-width.ts';
import { printable } from './printable.ts';

export interface TableOptions {
  /** How many columns, from the first, hold words and are aligned left; the others hold figures. Default 1. */
  readonly wordColumns?: number;
  /** The terminal's width in characters: the last column is cut to fit. */
  readonly lineWidth?: number;
}

/** This much of the last column is shown, however narrow the terminal. */
const MIN_LAST = 20;

/** Formats rows as lines with padded columns. Cells may hold any text: it is made printable. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  { wordColumns = 1, lineWidth }: TableOptions = {},
): string {
  const all = [header, ...rows.map((row) => row.map(printable))];
  const widths = header.map((_, column) =>
    all.reduce((width, row) => Math.max(width, displayWidth(row[column] ?? '')), 0),
  );
  const last = header.length - 1;
  if (lineWidth !== undefined) {
    const left = lineWidth - widths.slice(0, last).reduce((sum, width) => sum + width + 2, 0);
    widths[last] = Math.min(widths[last] ?? 0, Math.max(MIN_LAST, left));
  }
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        const cut = cutToWidth(cell, width);
        const space = ' '.repeat(Math.max(0, width - displayWidth(cut)));
        return column < wordColumns ? cut + space : space + cut;
      })
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '-'.repeat(width)).join('  ');
  return all.map(line).toSpliced(1, 0, rule).join('\n');
}
