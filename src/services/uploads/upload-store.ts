import type { SqlDatabase, SqlStatement } from '../../ports/sql-database.ts';
import { first, integer, optionalText, text } from '../row.ts';

/** A file that a client uploaded. */
export interface StoredUpload {
  /** The object key in `oss://<name>`. */
  readonly name: string;
  readonly scope: string;
  readonly model: string;
  /** SHA-256 of the bytes, 64 lower-case hex digits. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
  /** Undefined when it is no image of a known format. */
  readonly mediaType: string | undefined;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** Which upload at the vendor: it is good for one account with one model. */
export interface UpstreamUploadKey {
  readonly site: string;
  readonly account: string;
  readonly model: string;
  readonly digest: string;
}

/** What a row counts for beside its bytes: names alone must not fill the disk. */
const ROW_BYTES = 1024;

export const uploadStatements = {
  insert: (upload: StoredUpload): SqlStatement => ({
    sql: `insert into uploads (name, scope, model, sha256, size, media_type, created_at, expires_at)
      values (?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      upload.name,
      upload.scope,
      upload.model,
      upload.digest,
      upload.size,
      upload.mediaType ?? null,
      upload.createdAt,
      upload.expiresAt,
    ],
  }),

  find: (name: string): SqlStatement => ({ sql: 'select * from uploads where name = ?', params: [name] }),

  totalBytes: (): SqlStatement => ({
    sql: `select count(*) * ${ROW_BYTES}
        + (select coalesce(sum(size), 0) from (select distinct sha256, size from uploads)) as bytes
      from uploads`,
    params: [],
  }),

  dropExpired: (now: number, limit: number): SqlStatement => ({
    sql: `delete from uploads where name in (select name from uploads where expires_at <= ? order by expires_at limit ?)
      returning sha256`,
    params: [now, limit],
  }),

  findByDigest: (digest: string): SqlStatement => ({
    sql: 'select 1 from uploads where sha256 = ? limit 1',
    params: [digest],
  }),

  findUpstream: ({ site, account, model, digest }: UpstreamUploadKey, now: number): SqlStatement => ({
    sql: `select url from upstream_uploads
      where site = ? and account = ? and model = ? and sha256 = ? and expires_at > ?`,
    params: [site, account, model, digest, now],
  }),

  putUpstream: (
    { site, account, model, digest }: UpstreamUploadKey,
    url: string,
    expiresAt: number,
  ): SqlStatement => ({
    sql: `insert into upstream_uploads (site, account, model, sha256, url, expires_at) values (?, ?, ?, ?, ?, ?)
      on conflict (site, account, model, sha256) do update set url = excluded.url, expires_at = excluded.expires_at`,
    params: [site, account, model, digest, url, expiresAt],
  }),

  dropExpiredUpstream: (now: number): SqlStatement => ({
    sql: 'delete from upstream_uploads where expires_at <= ?',
    params: [now],
  }),
};

/** The rows of uploads: the names that we gave out, and those that the vendor gave us. */
export class UploadStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** `constraint` when the name is taken. */
  async insert(upload: StoredUpload): Promise<void> {
    await this.#database.batch([uploadStatements.insert(upload)]);
  }

  /** Whether it has expired is for the caller to see. */
  async find(name: string): Promise<StoredUpload | undefined> {
    const [row] = await this.#database.all(uploadStatements.find(name));
    if (row === undefined) return undefined;
    return {
      name: text(row, 'name'),
      scope: text(row, 'scope'),
      model: text(row, 'model'),
      digest: text(row, 'sha256'),
      size: integer(row, 'size'),
      mediaType: optionalText(row, 'media_type'),
      createdAt: integer(row, 'created_at'),
      expiresAt: integer(row, 'expires_at'),
    };
  }

  /** What all uploads take: each file once, and a kilobyte for each name. */
  async totalBytes(): Promise<number> {
    return integer(first(await this.#database.all(uploadStatements.totalBytes())), 'bytes');
  }

  /** Whether any name stands for these bytes. */
  async isNamed(digest: string): Promise<boolean> {
    return (await this.#database.all(uploadStatements.findByDigest(digest))).length > 0;
  }

  /** Drops up to `limit` names that have expired, the oldest first; the digests that they stood for. */
  async dropExpired(now: number, limit: number): Promise<string[]> {
    const [result] = await this.#database.batch([uploadStatements.dropExpired(now, limit)]);
    return (result?.rows ?? []).map((row) => text(row, 'sha256'));
  }

  /** The vendor's name for a file, while it lives. */
  async findUpstream(key: UpstreamUploadKey, now: number): Promise<string | undefined> {
    const [row] = await this.#database.all(uploadStatements.findUpstream(key, now));
    return row === undefined ? undefined : text(row, 'url');
  }

  async putUpstream(key: UpstreamUploadKey, url: string, expiresAt: number): Promise<void> {
    await this.#database.batch([uploadStatements.putUpstream(key, url, expiresAt)]);
  }

  async dropExpiredUpstream(now: number): Promise<void> {
    await this.#database.batch([uploadStatements.dropExpiredUpstream(now)]);
  }
}
