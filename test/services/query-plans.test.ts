import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../src/adapters/better-sqlite3/sql-database.ts';
import type { SqlStatement } from '../../src/ports/sql-database.ts';
import { entryStatements } from '../../src/services/entry-statements.ts';
import { openMigrated } from '../support/database.ts';
import { digestOf, newEntry } from '../support/entries.ts';

describe('the cost of a statement does not grow with the number of entries', () => {
  let database: BetterSqlite3Database;
  beforeAll(async () => {
    database = await openMigrated();
  });
  afterAll(() => database.close());

  const plan = async ({ sql, params }: SqlStatement) =>
    (await database.all({ sql: `explain query plan ${sql}`, params })).map((row) => String(row.detail));

  const entry = newEntry();
  const bounded: [string, SqlStatement, string[]][] = [
    ['newest', entryStatements.newest(entry), ['sqlite_autoindex_entries_1 (site=? AND scope=? AND key=?)']],
    ['take', entryStatements.take(entry, 1), ['(site=? AND scope=? AND key=? AND take=?)']],
    ['takes', entryStatements.takes(entry), ['(site=? AND scope=? AND key=?)']],
    [
      'nearest',
      entryStatements.nearest({ site: '', scope: '', model: '', prompt: '', limit: 1 }),
      ['entries_by_model'],
    ],
    [
      'otherScope',
      entryStatements.otherScope(entry),
      ['(site=?)', '(site=? AND scope>?)', '(site=? AND scope=? AND key=?)'],
    ],
    ['insertEntry', entryStatements.insertEntry(entry), ['(site=? AND scope=? AND key=?)']],
    ['insertImages', entryStatements.insertImages(entry), ['(site=? AND scope=? AND key=?)']],
    ['touch', entryStatements.touch([]), ['entries USING INTEGER PRIMARY KEY (rowid=?)']],
    ['digestsOf', entryStatements.digestsOf([1]), ['sqlite_autoindex_images_1 (entry_id=?)']],
    ['deleteEntries', entryStatements.deleteEntries([1]), ['entries USING INTEGER PRIMARY KEY (rowid=?)']],
    [
      'deleteUnreferencedBlobs',
      entryStatements.deleteUnreferencedBlobs([digestOf(1)]),
      ['sqlite_autoindex_blobs_1 (sha256=?)', 'images_by_blob (sha256=?)'],
    ],
    ['blob', entryStatements.blob(digestOf(1)), ['sqlite_autoindex_blobs_1 (sha256=?)']],
    ['entriesOfBlob', entryStatements.entriesOfBlob(digestOf(1)), ['images_by_blob (sha256=?)']],
    ['evictable', entryStatements.evictable(1, 1), ['entries_by_use (used_at<?)']],
  ];

  it.each(bounded)('%s goes by an index', async (_, statement, indexes) => {
    const details = await plan(statement);
    for (const index of indexes) expect(details.join('\n')).toContain(index);
    // "SCAN json_each" walks the parameter, "SCAN wanted" one row.
    expect(details.filter((detail) => /^SCAN (e|i|b|entries|images|blobs)\b/.test(detail))).toEqual([]);
  });

  it('evictable is not sorted', async () => {
    expect((await plan(entryStatements.evictable(1, 1))).join('\n')).not.toContain('TEMP B-TREE');
  });

  it('a whole count is seen as the scan it is', async () => {
    expect((await plan(entryStatements.totals())).join('\n')).toMatch(/SCAN (entries|blobs)/);
  });
});
