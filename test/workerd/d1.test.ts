import { env } from 'cloudflare:workers';
import { D1SqlDatabase } from '../../src/adapters/d1/sql-database.ts';
import { sqlDatabaseSuite } from '../conformance/sql-database.ts';

sqlDatabaseSuite('D1', async () => ({
  database: new D1SqlDatabase(env.DB),
  close: async () => {
    // Children first; the sequence with them, since every test begins with an empty database.
    for (const name of ['children', 'parents', 'sqlite_sequence'])
      await env.DB.prepare(name === 'sqlite_sequence' ? `delete from ${name}` : `drop table ${name}`).run();
  },
}));
