import type { PurgeBody } from '../../http/admin/store-schema.ts';
import { postAdmin } from '../client/admin-api.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { type FilterFlags, filterOf } from '../entry-filter.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { counted, formatBytes } from '../terminal/format.ts';
import { printableJson } from '../terminal/printable.ts';
import { entryTable } from './entry-table.ts';

export type PurgeFlags = ServerFlags &
  FilterFlags & { readonly all?: boolean; readonly yes?: boolean; readonly json?: boolean };

/** Says what a filter would remove; removes it only with `--yes`. */
export async function purge(words: readonly string[], flags: PurgeFlags): Promise<void> {
  const filter = filterOf(words, flags);
  const isAll = flags.all === true;
  const isFiltered = Object.keys(filter).length > 0;
  if (isAll && isFiltered) throw new Failure('--all cannot go with words or filters', EXIT.usage);
  if (!isAll && !isFiltered)
    throw new Failure('say what to purge by words or filters, or --all for everything', EXIT.usage);
  const isDry = flags.yes !== true;
  await withServer(flags, { durableUrls: true }, async (server) => {
    const client = new ServerClient(server);
    const asked = { ...(isAll ? { all: true } : { filter }), dry_run: isDry };
    const purged = await postAdmin<PurgeBody>(client, 'purge', asked);
    await client.close();
    console.log(flags.json === true ? printableJson({ dry_run: isDry, ...purged }) : describe(purged, isDry));
  });
}

function describe({ entries, blobs, bytes, sample }: PurgeBody, isDry: boolean): string {
  if (entries === 0) return isDry ? 'nothing would go' : 'nothing went';
  const what = `${counted(entries, 'entry', 'entries')} with ${counted(blobs, 'image', 'images')} that no other entry shows, ${formatBytes(bytes)}`;
  const others = entries - sample.length;
  return [
    `${isDry ? 'would remove' : 'removed'} ${what}:`,
    entryTable(sample),
    ...(others > 0 ? [`and ${counted(others, 'older one', 'older ones')}`] : []),
    ...(isDry ? ['Nothing is removed yet: --yes does it.'] : []),
  ].join('\n');
}
