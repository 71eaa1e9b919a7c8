import { type Context, Hono } from 'hono';
import { AppError } from '../core/errors.ts';
import type { HttpServices } from './dependencies.ts';
import { ledgerCsv, ledgerRowBody } from './ledger-body.ts';
import { methodNotAllowed } from './method-not-allowed.ts';

/** A day or a time as RFC 3339 has them; a day begins in UTC. */
const TIME = /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?$/;

/** What requests came to over time. Who may ask is `adminRoutes`' to decide, which come first. */
export function ledgerRoutes({ ledger }: Pick<HttpServices, 'ledger'>): Hono {
  const routes = new Hono();
  routes.get('/admin/api/ledger', async (c) => {
    const by = choiceIn(c, 'by', ['hour', 'day']);
    const group = choiceIn(c, 'group', ['none', 'model', 'scope']);
    const format = choiceIn(c, 'format', ['json', 'csv']);
    const sums = await ledger.read({ from: timeIn(c, 'from'), to: timeIn(c, 'to'), by, group });
    if (format === 'json') return c.json({ rows: sums.map((sum) => ledgerRowBody(sum, group)) });
    return c.body(ledgerCsv(sums, group), 200, {
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="dashcache-ledger.csv"',
    });
  });
  routes.all('/admin/api/ledger', methodNotAllowed('GET'));
  return routes;
}

/** One of a few words; the first where there is none. */
function choiceIn<T extends string>(c: Context, name: string, choices: readonly [T, ...T[]]): T {
  const text = c.req.query(name);
  if (text === undefined) return choices[0];
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new AppError('invalid_request', `The parameter ${name} must be one of ${choices.join(', ')}.`, {
    field: name,
  });
}

function timeIn(c: Context, name: string): number | undefined {
  const text = c.req.query(name);
  if (text === undefined) return undefined;
  const at = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (at >= 0) return at;
  throw new AppError(
    'invalid_request',
    `The parameter ${name} must be a day or a time, as in 2026-01-31 or 2026-01-31T12:00:00Z.`,
    { field: name },
  );
}
