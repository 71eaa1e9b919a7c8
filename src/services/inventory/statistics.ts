import type { SqlDatabase, SqlRow } from '../../ports/sql-database.ts';
import type { EntryStore, Totals } from '../entries/entry-store.ts';
import { totalStatements } from '../entries/total-statements.ts';
import { integer, text } from '../row.ts';

/** What belongs to one model, or to one scope. */
export interface Share {
  readonly name: string;
  readonly entries: number;
  /** Sizes of their pictures; one that two entries show counts twice. */
  readonly bytes: number;
  readonly hits: number;
}

/** How much is stored, and whose it is; the largest share first. */
export interface Statistics extends Totals {
  readonly models: readonly Share[];
  readonly scopes: readonly Share[];
}

/** Reads the sums. Uses that are not written down yet are not in them. */
export async function readStatistics(
  database: SqlDatabase,
  entries: Pick<EntryStore, 'totals'>,
): Promise<Statistics> {
  const shares = async (column: 'model' | 'scope') =>
    (await database.all(totalStatements.by(column))).map(readShare);
  return { ...(await entries.totals()), models: await shares('model'), scopes: await shares('scope') };
}

function readShare(row: SqlRow): Share {
  return {
    name: text(row, 'name'),
    entries: integer(row, 'entries'),
    bytes: integer(row, 'bytes'),
    hits: integer(row, 'hits'),
  };
}
