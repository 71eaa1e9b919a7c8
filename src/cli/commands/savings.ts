import { AppError, isAppError } from '../../core/errors.ts';
import { parseDuration } from '../../core/units.ts';
import type { LedgerRowBody } from '../../http/ledger/ledger-schema.ts';
import { getAdmin } from '../client/admin-api.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { formatTable } from '../terminal/text-table.ts';
import { Saving } from './saving.ts';

export interface SavingsFlags extends ServerFlags {
  readonly since: string;
  readonly by: 'model' | 'scope' | 'day';
  readonly json?: boolean;
}

/** Prints what was bought and what was saved, from a server's ledger. */
export async function savings({ since, by, json, ...flags }: SavingsFlags): Promise<void> {
  const from = new Date(Date.now() - sinceOf(since)).toISOString();
  await withServer(flags, {}, async (server) => {
    const client = new ServerClient(server);
    const group = by === 'day' ? 'none' : by;
    const query = { from, by: 'day', group };
    const { rows } = await getAdmin<{ readonly rows: readonly LedgerRowBody[] }>(client, 'ledger', query);
    await client.close();
    const parts = new Map<string, Saving>();
    const total = new Saving();
    for (const row of rows) {
      const name = (by === 'day' ? row.at.slice(0, 10) : row[by]) ?? '';
      const part = parts.get(name) ?? new Saving();
      parts.set(name, part);
      part.add(row);
      total.add(row);
    }
    if (json !== true) console.log(tableOf(by, parts, total));
    else console.log(JSON.stringify({ from, by, parts: Object.fromEntries(parts), total }));
  });
}

function tableOf(by: string, parts: ReadonlyMap<string, Saving>, total: Saving): string {
  const header = [by, 'hits', 'bought', 'errors', 'hit rate', 'spent', 'saved', 'hours saved'];
  const rows = [...parts, ['total', total] as const].map(([name, saving]) => [name, ...saving.cells()]);
  return formatTable(header, rows);
}

function sinceOf(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!isAppError(error, 'config')) throw error;
    throw new AppError('config', `--since ${error.message}.`, { cause: error });
  }
}
