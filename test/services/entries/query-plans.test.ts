import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { BEFORE_ALL } from '../../../src/core/pagination.ts';
import type { SqlStatement } from '../../../src/ports/sql-database.ts';
import { entryStatements } from '../../../src/services/entries/entry-statements.ts';
import { searchStatements } from '../../../src/services/entries/search-statements.ts';
import { totalStatements } from '../../../src/services/entries/total-statements.ts';
import { entryDetailStatements } from '../../../src/services/inventory/entry-detail-statements.ts';
import { inventoryStatements } from '../../../src/services/inventory/entry-search-statements.ts';
import { purgeStatements } from '../../../src/services/inventory/purge-statements.ts';
import { purchaseStatements } from '../../../src/services/purchases/purchase-statements.ts';
import { openMigrated } from '../../support/data/database.ts';
import { digestOf, newEntry } from '../../support/data/entries.ts';

describe('the cost of a statement does not grow with the number of entries', () => {
  let database: BetterSqlite3Database;
  beforeAll(async () => {
    database = await openMigrated();
  });
  afterAll(() => database.close());

  const plan = async ({ sql, params }: SqlStatement) =>
    (await database.all({ sql: `explain query plan ${sql}`, params })).map((row) => String(row.detail));

  const entry = newEntry();
  const selection = {
    filter: { q: 'fox', tag: 'a', size: '1*1' },
    query: 'fox',
    createdFrom: 0,
    createdTo: 1,
    firstId: 0,
    lastId: 1,
  };
  const page = { sort: 'used', after: BEFORE_ALL, limit: 1 } as const;
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
    ['expired', entryStatements.expired(1, 1), ['entries_by_age (created_at<?)']],
    ['byIds', entryStatements.byIds([1]), ['e USING INTEGER PRIMARY KEY (rowid=?)']],
    ['addHits', totalStatements.addHits([]), ['(site=? AND scope=? AND model=?)']],
    ['addBlobs', totalStatements.addBlobs(entry), ['sqlite_autoindex_blobs_1 (sha256=?)']],
    [
      'subtractEntries',
      totalStatements.subtractEntries([1]),
      ['e USING INTEGER PRIMARY KEY (rowid=?)', 'sqlite_autoindex_images_1 (entry_id=?)'],
    ],
    [
      'subtractBlobs',
      totalStatements.subtractBlobs(['']),
      ['sqlite_autoindex_blobs_1 (sha256=?)', 'images_by_blob (sha256=?)'],
    ],
    ['blobsAfter', entryStatements.blobsAfter('', 1), ['sqlite_autoindex_blobs_1 (sha256>?)']],
    ['ofKey', entryDetailStatements.ofKey({ key: 'k' }), ['entries_by_key (key=?)']],
    ['tags', entryDetailStatements.tags([1]), ['sqlite_autoindex_entry_tags_1 (entry_id=?)']],
    [
      'references',
      entryDetailStatements.references([1]),
      ['sqlite_autoindex_entry_references_1 (entry_id=?)'],
    ],
    ['drawnBy', entryDetailStatements.drawnBy('', 1), ['images_by_blob (sha256=?)']],
    ['usedBy', entryDetailStatements.usedBy('', 1), ['entry_references_by_blob (sha256=?)']],
    ['pin', entryDetailStatements.pin([1], true), ['entries USING INTEGER PRIMARY KEY (rowid=?)']],
    ['index', searchStatements.index([]), ['e USING INTEGER PRIMARY KEY (rowid=?)']],
    ['backlog', searchStatements.backlog(1), ['e USING INTEGER PRIMARY KEY (rowid=?)']],
    [
      'blobsOf',
      purgeStatements.blobsOf([1]),
      ['sqlite_autoindex_images_1 (entry_id=?)', 'images_by_blob (sha256=?)'],
    ],
    ['entriesShowing', purgeStatements.entriesShowing('', 1), ['images_by_blob (sha256=?)']],
    [
      'idsBetween',
      inventoryStatements.idsBetween(0, 1),
      ['COVERING INDEX entries_by_age (created_at>? AND created_at<?)'],
    ],
    ['count', inventoryStatements.count(selection, 1), ['entry_search VIRTUAL TABLE INDEX']],
    [
      'newest',
      inventoryStatements.newest(selection, page),
      ['entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)'],
    ],
    [
      'newestFound',
      inventoryStatements.newestFound(selection, page),
      ['s VIRTUAL TABLE INDEX', 'e USING INTEGER PRIMARY KEY (rowid=?)'],
    ],
    [
      'sortedFound',
      inventoryStatements.sortedFound(selection, page, 1),
      ['SCAN entry_search VIRTUAL TABLE INDEX', 'e USING INTEGER PRIMARY KEY (rowid=?)'],
    ],
    [
      'sorted',
      inventoryStatements.sorted(selection, page),
      ['entries USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)'],
    ],
    ['walk by use', inventoryStatements.walk(selection, page, 1), ['entries_by_use (']],
    [
      'walk by hits',
      inventoryStatements.walk(selection, { ...page, sort: 'hits' }, 1),
      ['entries_by_hits ('],
    ],
    ['all by use', inventoryStatements.all(page), ['entries_by_use (']],
    ['all by hits', inventoryStatements.all({ ...page, sort: 'hits' }), ['entries_by_hits (']],
    [
      'attempts of a state',
      purchaseStatements.newestOf('unknown', BEFORE_ALL, 1),
      ['purchases_by_state (state=? AND updated_at'],
    ],
    ['attempts', purchaseStatements.newest(BEFORE_ALL, 1), ['purchases_by_age (']],
  ];

  it.each(bounded)('%s goes by an index', async (_, statement, indexes) => {
    const details = await plan(statement);
    for (const index of indexes) expect(details.join('\n')).toContain(index);
    // "SCAN json_each" walks the parameter, "SCAN wanted" one row.
    expect(details.filter((detail) => /^SCAN (e|i|b|entries|images|blobs)\b/.test(detail))).toEqual([]);
  });

  it.each([
    ['evictable', entryStatements.evictable(1, 1)],
    ['newest', inventoryStatements.newest(selection, page)],
    ['newestFound', inventoryStatements.newestFound(selection, page)],
    ['all by use', inventoryStatements.all(page)],
    ['all by hits', inventoryStatements.all({ ...page, sort: 'hits' })],
    ['attempts of a state', purchaseStatements.newestOf('unknown', BEFORE_ALL, 1)],
    ['attempts', purchaseStatements.newest(BEFORE_ALL, 1)],
  ])('%s is not sorted', async (_, statement) => {
    expect((await plan(statement)).join('\n')).not.toContain('TEMP B-TREE');
  });

  it('nothing is counted for totals and statistics', async () => {
    for (const statement of [
      totalStatements.totals(),
      totalStatements.by('model'),
      totalStatements.by('scope'),
    ])
      expect((await plan(statement)).join('\n')).not.toMatch(/(SCAN|SEARCH) (entries|blobs|images)\b/);
  });
});
