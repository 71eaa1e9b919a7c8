import type { SqlStatement } from '../../ports/sql-database.ts';
import type { Task, TaskEnd } from './task.ts';

const OPEN = `state in ('PENDING', 'RUNNING')`;

/** Every statement on tasks. */
export const taskStatements = {
  insert: (task: Task): SqlStatement => ({
    sql: `insert into tasks
      (id, site, scope, key, model, family, state, attempt_id, entry_id, body, submitted_at, ended_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      task.id,
      task.site,
      task.scope,
      task.key,
      task.model,
      task.family,
      task.state,
      task.attemptId ?? null,
      task.entryId ?? null,
      task.body ?? null,
      task.submittedAt,
      task.endedAt ?? null,
    ],
  }),

  find: (id: string): SqlStatement => ({ sql: 'select * from tasks where id = ?', params: [id] }),

  end: (id: string, end: TaskEnd): SqlStatement => endWhere('id = ?', id, end),

  endAll: (attemptId: string, end: TaskEnd): SqlStatement => endWhere('attempt_id = ?', attemptId, end),

  countOpen: (attemptId: string): SqlStatement => ({
    sql: `select count(*) as n from tasks where attempt_id = ? and ${OPEN}`,
    params: [attemptId],
  }),

  awaitedAttempts: (): SqlStatement => ({
    sql: `select distinct attempt_id from tasks where attempt_id is not null and ${OPEN}`,
    params: [],
  }),

  since: (scope: string, from: number): SqlStatement => ({
    sql: 'select * from tasks where scope = ? and submitted_at >= ? order by submitted_at desc limit 10000',
    params: [scope, from],
  }),

  upstreamIds: (from: number): SqlStatement => ({
    sql: 'select distinct upstream_task from attempts where upstream_task is not null and created_at >= ?',
    params: [from],
  }),

  prune: (before: number): SqlStatement => ({
    sql: 'delete from tasks where submitted_at < ?',
    params: [before],
  }),
} as const;

function endWhere(which: string, id: string, { state, at, entryId, body }: TaskEnd): SqlStatement {
  return {
    sql: `update tasks set state = ?, ended_at = ?, entry_id = ?, body = ? where ${which} and ${OPEN}`,
    params: [state, at, entryId ?? null, body ?? null, id],
  };
}
