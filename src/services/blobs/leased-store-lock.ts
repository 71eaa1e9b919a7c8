import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SqlDatabase, SqlStatement } from '../../ports/sql-database.ts';
import type { StoreLock } from '../../ports/store-lock.ts';
import { text } from '../row.ts';

/** Collaborators of `LeasedStoreLock`. */
export interface LeasedStoreLockDeps {
  readonly database: SqlDatabase;
  readonly clock: Pick<Clock, 'now' | 'sleep' | 'uuid'>;
  readonly onFailure: (cause: unknown) => void;
}

/** Who died with a lease keeps others out for so long: far longer than publishing, or deleting a batch, takes. */
const LEASE_MS = 5 * 60 * 1000;
/** A deletion takes moments. Beyond this its process is gone, and who is paid for an image comes back later. */
const TRIES = 100;
const WAIT_MS = 100;

const statements = {
  forgetEnded: (now: number): SqlStatement => ({
    sql: 'delete from store_leases where ends_at <= ?',
    params: [now],
  }),

  /** All of these, or none if one is being deleted. */
  share: (names: string, holder: string, endsAt: number): SqlStatement => ({
    sql: `insert into store_leases (name, holder, alone, ends_at)
      select value, ?, 0, ? from json_each(?)
      where not exists (select 1 from store_leases l where l.alone = 1 and l.name in (select value from json_each(?)))
      returning name`,
    params: [holder, endsAt, names, names],
  }),

  /** Those that nobody has. */
  takeAlone: (names: string, holder: string, endsAt: number): SqlStatement => ({
    sql: `insert into store_leases (name, holder, alone, ends_at)
      select value, ?, 1, ? from json_each(?)
      where not exists (select 1 from store_leases l where l.name = value)
      returning name`,
    params: [holder, endsAt, names],
  }),

  giveBack: (names: string, holder: string): SqlStatement => ({
    sql: 'delete from store_leases where holder = ? and name in (select value from json_each(?))',
    params: [holder, names],
  }),
};

/** The lock of several processes that share a store: leases in its database, which end by themselves. */
export class LeasedStoreLock implements StoreLock {
  readonly #deps: LeasedStoreLockDeps;
  /** Tells stores apart that share a database. */
  readonly #prefix: string;

  constructor(deps: LeasedStoreLockDeps, store: string) {
    this.#deps = deps;
    this.#prefix = `${store}/`;
  }

  async shared<T>(digests: readonly string[], work: () => Promise<T>): Promise<T> {
    const names = this.#namesOf(digests);
    if (names === '[]') return await work();
    for (let tries = 1; ; tries += 1) {
      const { holder, taken } = await this.#take(names, statements.share);
      if (taken.length > 0) return await this.#hold(names, holder, work);
      if (tries === TRIES)
        throw new AppError('storage_failed', 'These bytes have been about to be deleted for too long.');
      await this.#deps.clock.sleep(WAIT_MS);
    }
  }

  async exclusive<T>(digests: readonly string[], work: (free: readonly string[]) => Promise<T>): Promise<T> {
    const names = this.#namesOf(digests);
    const { holder, taken } = await this.#take(names, statements.takeAlone);
    const free = new Set(taken);
    return await this.#hold(names, holder, () =>
      work(digests.filter((digest) => free.has(this.#prefix + digest))),
    );
  }

  #namesOf(digests: readonly string[]): string {
    return JSON.stringify([...new Set(digests)].map((digest) => this.#prefix + digest));
  }

  async #take(names: string, take: typeof statements.share) {
    const { database, clock } = this.#deps;
    const holder = clock.uuid();
    const now = clock.now();
    const [, taken] = await database.batch([
      statements.forgetEnded(now),
      take(names, holder, now + LEASE_MS),
    ]);
    return { holder, taken: (taken?.rows ?? []).map((row) => text(row, 'name')) };
  }

  async #hold<T>(names: string, holder: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } finally {
      // What was done is done: a lease that cannot be given back ends by itself.
      await this.#deps.database.batch([statements.giveBack(names, holder)]).catch(this.#deps.onFailure);
    }
  }
}
