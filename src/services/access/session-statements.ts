import type { SqlStatement } from '../../ports/sql-database.ts';

/** Every statement on the sessions that ended before their time. */
export const sessionStatements = {
  find: (id: string): SqlStatement => ({
    sql: 'select id from ended_sessions where id = ?',
    params: [id],
  }),

  end: (id: string, endsAt: number): SqlStatement => ({
    sql: 'insert into ended_sessions (id, ends_at) values (?, ?) on conflict (id) do nothing',
    params: [id, endsAt],
  }),

  /** Those that would have ended by themselves meanwhile. */
  prune: (now: number): SqlStatement => ({
    sql: 'delete from ended_sessions where ends_at <= ?',
    params: [now],
  }),
} as const;
