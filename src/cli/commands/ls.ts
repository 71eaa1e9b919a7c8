import { AppError } from '../../core/errors.ts';
import type { EntryPageBody, EntrySummaryBody } from '../../http/admin/entry-schema.ts';
import { getAdmin, type Parameters } from '../client/admin-api.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { type FilterFlags, filterOf } from '../entry-filter.ts';
import { counted } from '../terminal/format.ts';
import { printableJson } from '../terminal/printable.ts';
import { entryTable } from './entry-table.ts';

export type LsFlags = ServerFlags &
  FilterFlags & {
    readonly sort: 'created' | 'used' | 'hits';
    readonly limit: string;
    readonly all?: boolean;
    readonly json?: boolean;
  };

/** How many entries the server gives in one page. */
const PAGE = 200;

/** Lists stored entries: a table, or with `--json` one line of JSON each, as they come. */
export async function ls(words: readonly string[], flags: LsFlags): Promise<void> {
  const { sort } = flags;
  const query = { ...filterOf(words, flags), sort };
  const most = flags.all === true ? Number.POSITIVE_INFINITY : parseLimit(flags.limit);
  const enough = whenUnread();
  await withServer(flags, { durableUrls: true }, async (server, stopping) => {
    const client = new ServerClient(server);
    const isOver = AbortSignal.any([enough, stopping]);
    const listed: EntrySummaryBody[] = [];
    let hasMore = false;
    for await (const { entries, next_cursor: next } of pages(client, query, most)) {
      if (flags.json === true) for (const entry of entries) console.log(printableJson(entry));
      else listed.push(...entries);
      hasMore = next !== null;
      if (isOver.aborted) break;
    }
    await client.close();
    if (flags.json === true) return;
    if (listed.length > 0) console.log(entryTable(listed, sort === 'used' ? 'used' : 'stored'));
    // The folder may be another than that of `serve`, and the command may have just made it.
    const place = server.dataFolder === undefined ? '' : ` in ${server.dataFolder}`;
    const found = `${counted(listed.length, 'entry', 'entries')}${place}`;
    console.error(hasMore ? `${found}, and there are more: --limit or --all shows them` : found);
  });
}

async function* pages(client: ServerClient, query: Parameters, most: number): AsyncGenerator<EntryPageBody> {
  let left = most;
  let place: Parameters = {};
  for (;;) {
    const limit = String(Math.min(PAGE, left));
    const page = await getAdmin<EntryPageBody>(client, 'entries', { ...query, limit, ...place });
    yield page;
    left -= page.entries.length;
    if (page.next_cursor === null || left <= 0) return;
    place = { cursor: page.next_cursor };
  }
}

/** Aborts when nobody reads the output any more, as with `| head`. */
function whenUnread(): AbortSignal {
  const unread = new AbortController();
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    unread.abort();
  });
  return unread.signal;
}

function parseLimit(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new AppError('config', '--limit must be a whole number from 1.');
}
