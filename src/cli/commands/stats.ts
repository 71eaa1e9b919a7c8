import type { ShareBody, StatisticsBody } from '../../http/admin/store-schema.ts';
import { getAdmin } from '../client/admin-api.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { counted, formatBytes } from '../terminal/format.ts';
import { printableJson } from '../terminal/printable.ts';
import { formatTable } from '../terminal/text-table.ts';

export type StatsFlags = ServerFlags & { readonly json?: boolean };

/** Prints how much is stored, whose it is, what it cost and what it saved. */
export async function stats(flags: StatsFlags): Promise<void> {
  await withServer(flags, {}, async (server) => {
    const client = new ServerClient(server);
    const statistics = await getAdmin<StatisticsBody>(client, 'stats');
    await client.close();
    console.log(flags.json === true ? printableJson(statistics) : describe(statistics));
  });
}

function describe({ entries, blobs, bytes, models, scopes, cost }: StatisticsBody): string {
  const images = counted(blobs, 'image', 'images');
  return [
    `${counted(entries, 'entry', 'entries')}, ${images}, ${formatBytes(bytes)}`,
    ...table(
      ['model', 'entries', 'bytes', 'hits'],
      models.map((share) => [share.model, ...cellsOf(share)]),
    ),
    ...table(
      ['scope', 'entries', 'bytes', 'hits'],
      scopes.map((share) => [share.scope, ...cellsOf(share)]),
    ),
    ...table(
      ['list price', 'spent', 'avoided'],
      cost.map(({ currency, spent, avoided }) => [currency, spent.toFixed(2), avoided.toFixed(2)]),
    ),
  ].join('\n\n');
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return rows.length === 0 ? [] : [formatTable(header, rows)];
}

function cellsOf({ entries, bytes, hits }: ShareBody): readonly string[] {
  return [String(entries), formatBytes(bytes), String(hits)];
}
