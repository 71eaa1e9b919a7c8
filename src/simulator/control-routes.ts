import type { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { SimulatorEnv } from './exchange.ts';
import { parseFaultSpec, targets } from './fault.ts';
import { parseJson } from './json.ts';
import type { Simulation } from './simulation.ts';

/** The simulator's own calls, so that another process can script faults and read counters. Not part of the vendor's API. */
export function mountControlRoutes(app: Hono<SimulatorEnv>, { faults, journal }: Simulation): void {
  app.get('/simulator/counters', (c) => c.json(journal.counters()));
  app.get('/simulator/requests', (c) => {
    const target = targets.find((name) => name === c.req.query('target'));
    return c.json({ requests: journal.recent(target) });
  });
  app.get('/simulator/faults', (c) => c.json({ faults: faults.list() }));
  app.post('/simulator/faults', bodyLimit({ maxSize: 64 * 1024 }), async (c) => {
    const spec = parseFaultSpec(parseJson(await c.req.text()));
    if (typeof spec === 'string') return c.json({ error: spec }, 400);
    return c.json({ id: faults.add(spec).id }, 201);
  });
  app.delete('/simulator/faults', (c) => {
    faults.clear();
    return c.json({ faults: faults.list() });
  });
  app.post('/simulator/faults/:id/release', (c) => {
    const fault = faults.find(c.req.param('id'));
    if (!fault) return c.json({ error: 'no such fault' }, 404);
    fault.release();
    return c.json({ id: fault.id, hits: fault.hits });
  });
}
