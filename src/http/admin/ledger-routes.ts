import { Hono } from 'hono';
import type { HttpServices } from '../dependencies.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { badParameter, oneOf, queryValues } from '../wire/query-values.ts';
import { ledgerCsv, ledgerRowBody } from './ledger-body.ts';

/** A day or a time as RFC 3339 has them; a day begins in UTC. */
const TIME = /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?$/;

/** What requests came to over time. Who may ask is `adminRoutes`' to decide, which come first. */
export function ledgerRoutes({ ledger }: Pick<HttpServices, 'ledger'>): Hono {
  const routes = new Hono();
  routes.get('/admin/api/ledger', async (c) => {
    const values = queryValues(c, ['from', 'to', 'by', 'group', 'format']);
    const by = oneOf(values, 'by', ['hour', 'day']) ?? 'hour';
    const group = oneOf(values, 'group', ['none', 'model', 'scope']) ?? 'none';
    const format = oneOf(values, 'format', ['json', 'csv']) ?? 'json';
    const sums = await ledger.read({ from: timeOf(values, 'from'), to: timeOf(values, 'to'), by, group });
    if (format === 'json') return c.json({ rows: sums.map((sum) => ledgerRowBody(sum, group)) });
    return c.body(ledgerCsv(sums, group), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="dashcache-ledger.csv"',
    });
  });
  routes.all('/admin/api/ledger', methodNotAllowed('GET, HEAD'));
  return routes;
}

function timeOf(values: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = values.get(name);
  if (text === undefined) return undefined;
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (at >= 0) return at;
  throw badParameter(name, 'must be a day or a time, as in 2026-01-31 or 2026-01-31T12:00:00Z');
}
