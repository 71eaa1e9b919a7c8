import type { PagePlace } from '../../core/pagination.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { SqlStatement } from '../../ports/sql-database.ts';
import { type AttemptEnd, type AttemptState, FINAL_ATTEMPT_STATES, type NewAttempt } from './attempt.ts';

/** Every statement on attempts. */
export const attemptStatements = {
  open: ({ id, site, scope, key, model, account, recipe, createdAt }: NewAttempt): SqlStatement => ({
    sql: `insert into attempts (id, site, scope, key, model, account, state, recipe, created_at, updated_at)
      values (?, ?, ?, ?, ?, ?, 'open', ?, ?, ?)`,
    params: [id, site, scope, key, model, account, recipe ?? null, createdAt, createdAt],
  }),

  submitted: (id: string, upstreamTask: string, at: number): SqlStatement => ({
    sql: `update attempts set state = 'submitted', upstream_task = ?, updated_at = ? where id = ? and state = 'open'`,
    params: [upstreamTask, at, id],
  }),

  answered: (id: string, answer: string, at: number): SqlStatement => ({
    sql: `update attempts set state = 'answered', answer = ?, updated_at = ? where id = ? and state in ('open', 'submitted')`,
    params: [answer, at, id],
  }),

  /** Inside the batch that inserts the entry. Ids of entries only grow, so the highest is the one just inserted. */
  stored: (id: string, at: number): SqlStatement => ({
    sql: `update attempts
      set state = 'stored', status = 200, entry_id = (select max(id) from entries), answer = null, recipe = null,
        updated_at = ?
      where id = ? and state in ('open', 'submitted', 'answered')`,
    params: [at, id],
  }),

  finish: (id: string, { state, at, status, error }: AttemptEnd): SqlStatement => ({
    sql: `update attempts
      set state = ?, status = ?, error = ?, answer = null, recipe = iif(? = 'unknown', recipe, null), updated_at = ?
      where id = ? and state in ('open', 'submitted', 'answered')`,
    params: [state, status ?? null, error ?? null, state, at, id],
  }),

  one: (id: string): SqlStatement => ({ sql: 'select * from attempts where id = ?', params: [id] }),

  oldest: (state: AttemptState, changedBefore: number): SqlStatement => ({
    sql: 'select * from attempts where state = ? and updated_at < ? order by updated_at, id',
    params: [state, changedBefore],
  }),

  /** Paid for, and not brought home. */
  leftOf: ({ site, scope, key }: RecipeAddress): SqlStatement => ({
    sql: `select * from attempts where state in ('submitted', 'answered') and site = ? and scope = ? and key = ?
      order by updated_at, id`,
    params: [site, scope, key],
  }),

  newest: (after: PagePlace, limit: number): SqlStatement => ({
    sql: `select rowid as place, * from attempts where (updated_at, rowid) < (?, ?)
      order by updated_at desc, rowid desc limit ?`,
    params: [after.at, after.id, limit],
  }),

  newestOf: (state: AttemptState, after: PagePlace, limit: number): SqlStatement => ({
    sql: `select rowid as place, * from attempts where state = ? and (updated_at, rowid) < (?, ?)
      order by updated_at desc, rowid desc limit ?`,
    params: [state, after.at, after.id, limit],
  }),

  counts: (): SqlStatement => ({
    sql: 'select state, count(*) as n from attempts group by state',
    params: [],
  }),

  /** Answers whose pictures are not stored, those given up on since a time with them; not what was asked not to be. */
  atRisk: (since: number): SqlStatement => ({
    sql: `select (select count(*) from attempts where state = 'answered')
      + (select count(*) from attempts
        where state = 'unstored' and updated_at >= ? and coalesce(error, '') <> 'no-store') as n`,
    params: [since],
  }),

  prune: (before: number): SqlStatement => ({
    sql: `delete from attempts where state in (${FINAL_ATTEMPT_STATES.map(() => '?').join(', ')}) and updated_at < ?`,
    params: [...FINAL_ATTEMPT_STATES, before],
  }),
} as const;
