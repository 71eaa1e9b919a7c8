import type { Hono } from 'hono';
import { jsonAnswer } from './answers.ts';
import type { SimulatorContext, SimulatorEnv } from './exchange.ts';
import type { JsonRecord } from './json.ts';
import { serve } from './serve.ts';
import type { Simulation } from './simulation.ts';
import { taskHeaders } from './vendor-headers.ts';

/** The free task calls: the list, which proves a key at no cost, and single tasks. */
export function mountTaskRoutes(app: Hono<SimulatorEnv>, simulation: Simulation): void {
  app.get('/api/v1/tasks', (c) =>
    serveTasks(c, simulation, {
      total: 0,
      data: [],
      total_page: 0,
      page_no: pageNumber(c, 'page_no', 1),
      page_size: pageNumber(c, 'page_size', 10),
    }),
  );
  app.get('/api/v1/tasks/:id', (c) =>
    serveTasks(c, simulation, { output: { task_id: c.req.param('id'), task_status: 'UNKNOWN' } }),
  );
}

function serveTasks(c: SimulatorContext, simulation: Simulation, body: JsonRecord): Promise<Response> {
  const exchange = c.get('exchange');
  return serve(c, simulation, {
    target: 'tasks',
    model: '',
    body: '',
    produce: async () =>
      jsonAnswer(
        c,
        simulation,
        { ...body, request_id: exchange.requestId },
        taskHeaders(exchange, simulation.clock.now()),
      ),
  });
}

function pageNumber(c: SimulatorContext, name: string, fallback: number): number {
  const given = c.req.query(name) ?? '';
  return /^[1-9]\d{0,8}$/.test(given) ? Number(given) : fallback;
}
