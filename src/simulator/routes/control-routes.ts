import type { Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { parseFaultSpec } from '../faults/fault.ts';
import { targets } from '../faults/fault-target.ts';
import type { Simulation } from '../state/simulation.ts';
import { parseJson } from '../util/json.ts';
import type { SimulatorControl } from './control.ts';
import type { SimulatorEnv } from './request-context.ts';

/** The simulator's own calls, so that another process can script faults and read counters. Not part of the vendor's API. */
export function mountControlRoutes(
  app: Hono<SimulatorEnv>,
  { faults, journal }: Simulation,
  control: SimulatorControl,
): void {
  app.get('/simulator/counters', (c) => c.json(control.counters()));
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
  mountTaskControl(app, control);
}

function mountTaskControl(app: Hono<SimulatorEnv>, control: SimulatorControl): void {
  app.get('/simulator/tasks', (c) =>
    c.json({
      tasks: control.tasks().map(({ id, account, request: { model }, status }) => {
        return { id, account, model, status };
      }),
    }),
  );
  app.post('/simulator/tasks/hold', (c) => {
    control.holdTasks();
    return c.json({ held: true });
  });
  app.post('/simulator/tasks/resume', (c) => {
    control.resumeTasks();
    return c.json({ held: false });
  });
  app.post('/simulator/tasks/:id/:move{advance|release}', (c) => {
    const id = c.req.param('id');
    const moved = c.req.param('move') === 'advance' ? control.advanceTask(id) : control.releaseTask(id);
    return moved ? c.json({ id }) : c.json({ error: 'no such task to move' }, 404);
  });
}
