import type { SqlStatement } from '../../ports/sql-database.ts';
import type { Task, TaskEnd } from './task.ts';

const OPEN = `state in ('PENDING', 'RUNNING')`;

/** Every statement on tasks. */
export const taskStatements = {
  insert: (task: Task): SqlStatement => ({
    sql: `insert into tasks
      (id, site, scope, key, model, family, state, purchase_id, entry_id, body, submitted_at, ended_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    params: [
      task.id,
      task.site,
      task.scope,
      task.key,
      task.model,
      task.family,
      task.state,
      task.purchaseId ?? null,
      task.entryId ?? null,
      task.body ?? null,
      task.submittedAt,
      task.endedAt ?? null,
    ],
  }),

  find: (id: string): SqlStatement => ({ sql: 'select * from tasks where id = ?', params: [id] }),

  end: (id: string, end: TaskEnd): SqlStatement => endWhere('id = ?', id, end),

  endAll: (purchaseId: string, end: TaskEnd): SqlStatement => endWhere('purchase_id = ?', purchaseId, end),

  /** In the batch that stores a purchase, behind that. */
  endAllStored: (purchaseId: string, at: number): SqlStatement => ({
    sql: `update tasks set state = 'SUCCEEDED', ended_at = ?, body = null,
        entry_id = (select entry_id from purchases where id = tasks.purchase_id)
      where purchase_id = ? and ${OPEN}`,
    params: [at, purchaseId],
  }),

  countOpen: (purchaseId: string): SqlStatement => ({
    sql: `select count(*) as n from tasks where purchase_id = ? and ${OPEN}`,
    params: [purchaseId],
  }),

  since: (scope: string, from: number): SqlStatement => ({
    sql: 'select * from tasks where scope = ? and submitted_at >= ? order by submitted_at desc limit 10000',
    params: [scope, from],
  }),

  upstreamIds: (from: number): SqlStatement => ({
    sql: `select distinct upstream_task from purchases where upstream_task is not null and created_at >= ?
      and exists (select 1 from tasks where tasks.purchase_id = purchases.id)`,
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
