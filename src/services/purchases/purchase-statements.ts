import type { PagePlace } from '../../core/pagination.ts';
import { FINAL_STATES, type PurchaseState } from '../../core/purchases/purchase-state.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { SqlStatement } from '../../ports/sql-database.ts';
import type { Purchase } from './purchase.ts';

/** Written out: the index of those that go on is used for this very text only. */
const OPEN = `state in ('intended', 'sent', 'accepted', 'answered')`;

/** Every statement on purchases. */
export const purchaseStatements = {
  insert: (purchase: Purchase): SqlStatement => ({
    sql: `insert into purchases
        (id, site, scope, key, model, account, state, identity, simulated, created_at, updated_at)
      values (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)`,
    params: [
      ...[purchase.id, purchase.site, purchase.scope, purchase.key, purchase.model, purchase.account],
      purchase.state,
      purchase.identity === undefined ? null : JSON.stringify(purchase.identity),
      purchase.createdAt,
      purchase.createdAt,
    ],
  }),

  /**
   * From one state to the next. When the row is in another state by now, `state` becomes null, which the table refuses: then
   * nothing of the transaction that this stands in happens.
   */
  advance: (from: PurchaseState, to: Purchase): SqlStatement => ({
    sql: `update purchases set state = iif(state = ?, ?, null), upstream_task = ?, identity = ?, answer = ?, simulated = ?,
        elapsed_ms = ?, spent_at = ?, images = ?, cost_amount = ?, cost_currency = ?, status = ?, error = ?, updated_at = ?
      where id = ?`,
    params: [
      from,
      to.state,
      to.upstreamTask ?? null,
      to.identity === undefined ? null : JSON.stringify(to.identity),
      to.answer ?? null,
      to.simulated ? 1 : 0,
      to.elapsedMs ?? null,
      to.spent?.at ?? null,
      to.spent?.images ?? null,
      to.spent?.cost?.amount ?? null,
      to.spent?.cost?.currency ?? null,
      to.status ?? null,
      to.error ?? null,
      to.updatedAt,
      to.id,
    ],
  }),

  /** In the batch that inserted its entry, behind that: ids of entries only grow, so the highest is the one just inserted. */
  nameEntry: (id: string): SqlStatement => ({
    sql: 'update purchases set entry_id = (select max(id) from entries) where id = ?',
    params: [id],
  }),

  /** Forgets a purchase for which nobody waits. */
  forget: (id: string): SqlStatement => ({
    sql: 'delete from purchases where id = ? and not exists (select 1 from tasks where purchase_id = ?)',
    params: [id, id],
  }),

  one: (id: string): SqlStatement => ({ sql: 'select * from purchases where id = ?', params: [id] }),

  open: (): SqlStatement => ({
    sql: `select * from purchases where ${OPEN} order by updated_at, id`,
    params: [],
  }),

  openOf: ({ site, scope, key }: RecipeAddress): SqlStatement => ({
    sql: `select * from purchases where ${OPEN} and site = ? and scope = ? and key = ? order by updated_at, id`,
    params: [site, scope, key],
  }),

  newest: (after: PagePlace, limit: number): SqlStatement => ({
    sql: `select rowid as place, * from purchases where (updated_at, rowid) < (?, ?)
      order by updated_at desc, rowid desc limit ?`,
    params: [after.at, after.id, limit],
  }),

  newestOf: (state: PurchaseState, after: PagePlace, limit: number): SqlStatement => ({
    sql: `select rowid as place, * from purchases where state = ? and (updated_at, rowid) < (?, ?)
      order by updated_at desc, rowid desc limit ?`,
    params: [state, after.at, after.id, limit],
  }),

  counts: (): SqlStatement => ({
    sql: 'select state, count(*) as n from purchases group by state',
    params: [],
  }),

  /** Answers whose pictures are not stored, those given up on since a time with them; not what was asked not to be. */
  atRisk: (since: number): SqlStatement => ({
    sql: `select (select count(*) from purchases where state = 'answered')
      + (select count(*) from purchases
        where state = 'unstored' and updated_at >= ? and coalesce(error, '') not in ('no-store', 'bypass')) as n`,
    params: [since],
  }),

  prune: (before: number): SqlStatement => ({
    sql: `delete from purchases where state in (${FINAL_STATES.map(() => '?').join(', ')}) and updated_at < ?`,
    params: [...FINAL_STATES, before],
  }),
} as const;
