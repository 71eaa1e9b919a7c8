import type { ExactRecipe, NewEntry } from '../../core/entries/entry.ts';
import type { SqlStatement } from '../../ports/sql-database.ts';

/** Hits of one entry that are not written yet. */
export interface EntryUse {
  readonly id: number;
  /** When it was last used. */
  readonly usedAt: number;
  /** How often since the last write. */
  readonly hits: number;
}

/** Which entries to compare a missed request with. */
export interface NearestQuery {
  readonly site: string;
  readonly scope: string;
  readonly model: string;
  readonly prompt: string;
  readonly limit: number;
}

/** How many of a model's newest entries are looked through for the nearest. */
const NEAREST_WINDOW = 500;

/** One row per image; the rows of an entry follow each other by position. Read with `readEntries`. */
const ENTRY_COLUMNS = `
  e.id, e.site, e.scope, e.key, e.take, e.canonical, e.model, e.prompt, e.answer, e.usage, e.upstream_request_id,
  e.cost_amount, e.cost_currency, e.elapsed_ms, e.created_at, e.used_at, e.hits, e.pinned,
  e.invalidated_at, i.sha256, i.source_url, b.size, b.media_type, b.width, b.height`;

const WITH_IMAGES = 'join images i on i.entry_id = e.id join blobs b on b.sha256 = i.sha256';

/** Inside the batch that inserts it: the newest entry of the key. Ids only grow, so it is the one just inserted. */
const INSERTED_ID = '(select max(id) from entries where site = ? and scope = ? and key = ?)';

/**
 * Every statement on entries, images, references and blobs. Lists go in as one JSON parameter: no limit of parameters
 * is met, and one text serves every length.
 */
export const entryStatements = {
  newest: ({ site, scope, key, canonical }: ExactRecipe): SqlStatement => ({
    sql: `select ${ENTRY_COLUMNS} from entries e ${WITH_IMAGES}
      where e.id = (
        select id from entries
        where site = ? and scope = ? and key = ? and canonical = ? and invalidated_at is null
        order by id desc limit 1
      )
      order by i.position`,
    params: [site, scope, key, canonical],
  }),

  take: ({ site, scope, key, canonical }: ExactRecipe, take: number): SqlStatement => ({
    sql: `select ${ENTRY_COLUMNS} from entries e ${WITH_IMAGES}
      where e.site = ? and e.scope = ? and e.key = ? and e.take = ? and e.canonical = ? and e.invalidated_at is null
      order by i.position`,
    params: [site, scope, key, take, canonical],
  }),

  elapsed: (site: string, scope: string, model: string, limit: number): SqlStatement => ({
    sql: `select elapsed_ms from entries where site = ? and scope = ? and model = ? order by id desc limit ?`,
    params: [site, scope, model, limit],
  }),

  byId: (id: number): SqlStatement => ({
    sql: `select ${ENTRY_COLUMNS} from entries e ${WITH_IMAGES} where e.id = ? order by i.position`,
    params: [id],
  }),

  /** In no particular order. */
  byIds: (ids: readonly number[]): SqlStatement => ({
    sql: `select ${ENTRY_COLUMNS} from entries e ${WITH_IMAGES}
      where e.id in (select value from json_each(?)) order by e.id, i.position`,
    params: [JSON.stringify(ids)],
  }),

  takes: ({ site, scope, key, canonical }: ExactRecipe): SqlStatement => ({
    sql: `select take from entries
      where site = ? and scope = ? and key = ? and canonical = ? and invalidated_at is null
      order by take`,
    params: [site, scope, key, canonical],
  }),

  lastUsedTake: ({ site, scope, key, canonical }: ExactRecipe): SqlStatement => ({
    sql: `select take from entries
      where site = ? and scope = ? and key = ? and canonical = ? and invalidated_at is null
      order by used_at desc, take desc limit 1`,
    params: [site, scope, key, canonical],
  }),

  nearest: ({ site, scope, model, prompt, limit }: NearestQuery): SqlStatement => ({
    sql: `select ${ENTRY_COLUMNS} from entries e ${WITH_IMAGES}
      where e.id in (
        select id from (
          select id, prompt from entries
          where site = ? and scope = ? and model = ? and invalidated_at is null
          order by id desc limit ${NEAREST_WINDOW}
        )
        order by prompt = ? desc, id desc limit ?
      )
      order by e.prompt = ? desc, e.id desc, i.position`,
    params: [site, scope, model, prompt, limit, prompt],
  }),

  /**
   * A scope other than this one that has an entry of the recipe. It goes from scope to scope by the index, which begins
   * with them: as many steps as there are scopes, however many entries.
   */
  otherScope: ({ site, scope, key, canonical }: ExactRecipe): SqlStatement => ({
    sql: `with recursive scopes (scope) as (
        select min(scope) from entries where site = ?
        union all
        select (select min(e.scope) from entries e where e.site = ? and e.scope > scopes.scope)
        from scopes where scopes.scope is not null
      )
      select scope from scopes
      where scope <> ? and exists (
        select 1 from entries e where e.site = ? and e.scope = scopes.scope and e.key = ? and e.canonical = ?
          and e.invalidated_at is null
      )
      limit 1`,
    params: [site, site, scope, site, key, canonical],
  }),

  insertBlobs: ({ images, createdAt }: NewEntry): SqlStatement => ({
    // "where true" tells the parser that "on conflict" is no join condition (SQLite, "UPSERT", section 2.2).
    sql: `insert into blobs (sha256, size, media_type, width, height, created_at)
      select value ->> 'digest', value ->> 'size', value ->> 'mediaType', value ->> 'width', value ->> 'height', ?
      from json_each(?) where true
      on conflict (sha256) do nothing`,
    params: [createdAt, JSON.stringify(images)],
  }),

  /**
   * Before an entry is inserted under a number that an invalidated one holds: that one takes the next number instead.
   * Else whoever asks for this number would buy again every time.
   */
  yieldTake: ({ site, scope, key, take }: NewEntry): SqlStatement => ({
    sql: `update entries
      set take = (select max(e.take) + 1 from entries e where e.site = ? and e.scope = ? and e.key = ?)
      where site = ? and scope = ? and key = ? and take = ? and invalidated_at is not null`,
    params: [site, scope, key, site, scope, key, take ?? null],
  }),

  /** The take is decided here, in the transaction: the one wanted if it is free, else the next. Returns `id`, `take`. */
  insertEntry: (entry: NewEntry): SqlStatement => ({
    sql: `with wanted (site, scope, key, take) as (values (?, ?, ?, ?))
      insert into entries (
        site, scope, key, take, canonical, model, prompt, answer, usage, upstream_request_id,
        cost_amount, cost_currency, elapsed_ms, created_at, used_at, pinned
      )
      select site, scope, key,
        iif(
          take is not null and not exists (
            select 1 from entries e
            where e.site = wanted.site and e.scope = wanted.scope and e.key = wanted.key and e.take = wanted.take
          ),
          take,
          (
            select coalesce(max(e.take), 0) + 1 from entries e
            where e.site = wanted.site and e.scope = wanted.scope and e.key = wanted.key
          )
        ),
        ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
      from wanted
      returning id, take`,
    params: [
      entry.site,
      entry.scope,
      entry.key,
      entry.take ?? null,
      entry.canonical,
      entry.model,
      entry.prompt,
      entry.answer,
      entry.usage ?? null,
      entry.upstreamRequestId ?? null,
      entry.cost?.amount ?? null,
      entry.cost?.currency ?? null,
      entry.elapsedMs ?? null,
      entry.createdAt,
      entry.createdAt,
      entry.pinned ? 1 : 0,
    ],
  }),

  insertImages: ({ site, scope, key, images }: NewEntry): SqlStatement => ({
    sql: `insert into images (entry_id, position, sha256, source_url)
      select ${INSERTED_ID}, image.key, image.value ->> 'digest', image.value ->> 'sourceUrl'
      from json_each(?) as image`,
    params: [site, scope, key, JSON.stringify(images)],
  }),

  insertReferences: ({ site, scope, key, references }: NewEntry): SqlStatement => ({
    sql: `insert into entry_references (entry_id, position, field, sha256)
      select ${INSERTED_ID}, value ->> 'position', value ->> 'field', value ->> 'digest'
      from json_each(?)`,
    params: [site, scope, key, JSON.stringify(references)],
  }),

  insertTags: ({ site, scope, key, tags = [] }: NewEntry): SqlStatement => ({
    sql: `insert into entry_tags (entry_id, tag) select distinct ${INSERTED_ID}, value from json_each(?)`,
    params: [site, scope, key, JSON.stringify(tags)],
  }),

  touch: (uses: readonly EntryUse[]): SqlStatement => ({
    sql: `update entries set used_at = max(entries.used_at, used.at), hits = entries.hits + used.hits
      from (
        select value ->> 0 as id, max(value ->> 1) as at, sum(value ->> 2) as hits
        from json_each(?) group by value ->> 0
      ) as used
      where entries.id = used.id`,
    params: [JSON.stringify(uses.map(({ id, usedAt, hits }) => [id, usedAt, hits]))],
  }),

  /** From now on they answer no request. Their images stay. */
  invalidate: (ids: readonly number[], at: number): SqlStatement => ({
    sql: `update entries set invalidated_at = coalesce(invalidated_at, ?)
      where id in (select value from json_each(?))`,
    params: [at, JSON.stringify(ids)],
  }),

  /** An image is not asked for where it is gone. */
  forgetSources: (digest: string): SqlStatement => ({
    sql: 'update images set source_url = null where sha256 = ?',
    params: [digest],
  }),

  digestsOf: (ids: readonly number[]): SqlStatement => ({
    sql: 'select distinct sha256 from images where entry_id in (select value from json_each(?))',
    params: [JSON.stringify(ids)],
  }),

  /** Images and references go with it. Returns `site`, `scope`, `key`. */
  deleteEntries: (ids: readonly number[]): SqlStatement => ({
    sql: 'delete from entries where id in (select value from json_each(?)) returning site, scope, key',
    params: [JSON.stringify(ids)],
  }),

  /** Of these blobs, those that no entry shows. Returns `sha256`, `size`. */
  deleteUnreferencedBlobs: (digests: readonly string[]): SqlStatement => ({
    sql: `delete from blobs
      where sha256 in (select value from json_each(?))
        and not exists (select 1 from images where images.sha256 = blobs.sha256)
      returning sha256, size`,
    params: [JSON.stringify(digests)],
  }),

  blob: (digest: string): SqlStatement => ({
    sql: 'select sha256, size, media_type, width, height, created_at from blobs where sha256 = ?',
    params: [digest],
  }),

  /** By digest, those beyond one. */
  blobsAfter: (digest: string, limit: number): SqlStatement => ({
    sql: `select sha256, size, media_type, width, height, created_at from blobs
      where sha256 > ? order by sha256 limit ?`,
    params: [digest, limit],
  }),

  entriesOfBlob: (digest: string): SqlStatement => ({
    sql: 'select distinct entry_id from images where sha256 = ? order by entry_id',
    params: [digest],
  }),

  evictable: (usedBefore: number, limit: number): SqlStatement => ({
    sql: `select e.id, e.used_at, (
        select sum(b.size) from images i join blobs b on b.sha256 = i.sha256 where i.entry_id = e.id
      ) as bytes
      from entries e where e.pinned = 0 and e.used_at < ? order by e.used_at, e.id limit ?`,
    params: [usedBefore, limit],
  }),

  expired: (createdBefore: number, limit: number): SqlStatement => ({
    sql: 'select id from entries where pinned = 0 and created_at < ? order by created_at limit ?',
    params: [createdBefore, limit],
  }),
} as const;
