import { Hono } from 'hono';
import type { HttpServices } from '../dependencies.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { readQuery } from '../wire/query-values.ts';
import { ledgerCsv, ledgerRowBody } from './ledger-body.ts';
import { type LedgerBody, LedgerQuery } from './ledger-schema.ts';

/** What requests came to over time. Who may ask is `adminRoutes`' to decide, which come first. */
export function ledgerRoutes({ ledger }: Pick<HttpServices, 'ledger'>): Hono {
  const routes = new Hono();
  routes.get('/admin/api/ledger', async (c) => {
    const { from, to, by, group, format } = readQuery(c, LedgerQuery);
    const sums = await ledger.read({ from, to, by, group });
    if (format === 'json')
      return c.json({ rows: sums.map((sum) => ledgerRowBody(sum, group)) } satisfies LedgerBody);
    return c.body(ledgerCsv(sums, group), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="dashcache-ledger.csv"',
    });
  });
  routes.all('/admin/api/ledger', methodNotAllowed('GET, HEAD'));
  return routes;
}
