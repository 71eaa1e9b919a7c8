import { cutToWidth, displayWidth } from './display-width.ts';
import { printable } from './printable.ts';

export interface TableOptions {
  /** The first columns, of words, go to the left; the others, of figures, to the right. Default 1. */
  readonly wordColumns?: number;
  /** Columns of the terminal: the last column of the table is cut to what is left of them. */
  readonly lineWidth?: number;
}

/** However narrow the terminal, so much of the last column is shown. */
const MIN_LAST = 20;

/** Rows as lines, columns padded. Cells may hold anything. */
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
