import type { EntrySummaryBody } from '../../http/admin/entry-schema.ts';
import { formatTable } from '../terminal/text-table.ts';

/** The width, in characters, where no terminal tells its own. */
const LINE_WIDTH = 160;

/** Formats entries for people, one a line. `show` has the rest. */
export function entryTable(
  entries: readonly EntrySummaryBody[],
  dated: 'stored' | 'used' = 'stored',
): string {
  const rows = entries.map(({ key, model, size, hits, prompt, created_at, used_at }) => [
    key,
    model,
    size ?? '',
    (dated === 'stored' ? created_at : used_at).slice(0, 10),
    String(hits),
    prompt,
  ]);
  return formatTable(['key', 'model', 'size', dated, 'hits', 'prompt'], rows, {
    wordColumns: 6,
    lineWidth: process.stdout.columns || LINE_WIDTH,
  });
}
