import type { Hono } from 'hono';
import type { OutcomeFault } from '../faults/fault.ts';
import type { FaultTarget } from '../faults/fault-target.ts';
import { imageTexts } from '../images/drawing.ts';
import type { Simulation } from '../state/simulation.ts';
import type { Task } from '../state/task.ts';
import { readUpTo } from '../util/bytes.ts';
import type { JsonRecord } from '../util/json.ts';
import { type Refusal, refusalFor } from '../vendor/refusal.ts';
import { jsonAnswer, refusalAnswer } from './answers.ts';
import { handleCall } from './handle-call.ts';
import type { SimulatorContext, SimulatorEnv } from './request-context.ts';
import { taskBody } from './task-body.ts';
import { taskListBody } from './task-list.ts';
import { taskHeaders } from './vendor-headers.ts';

/** The free task calls: the list, which proves a key at no cost, the state of one task, and its cancelling. */
export function mountTaskRoutes(app: Hono<SimulatorEnv>, simulation: Simulation): void {
  const { clock, tasks, limits } = simulation;
  app.get('/api/v1/tasks', (c) =>
    serveTasks(c, simulation, 'list', (account) =>
      taskListBody(tasks.list(account, clock.now()), c.req.query()),
    ),
  );
  app.get('/api/v1/tasks/:id', (c) =>
    serveTasks(c, simulation, 'poll', async (account, fault) => {
      if (!limits.admitPoll(account, clock.now())) throw refusalFor('Throttling.RateQuota');
      const id = c.req.param('id');
      const task = fault?.kind === 'unknown_task' ? undefined : tasks.find(account, id, clock.now());
      if (!task) return { output: { task_id: id, task_status: 'UNKNOWN' } };
      const done = task.status === 'SUCCEEDED';
      return taskBody(task, done ? await tellImages(simulation, task) : []);
    }),
  );
  app.post('/api/v1/tasks/:id/cancel', async (c) => {
    // One SDK sends a body; nothing in it matters.
    const body = new TextDecoder().decode(await readUpTo(c.req.raw.body, simulation.maxBodyBytes));
    const id = c.req.param('id');
    return handleCall(c, simulation, {
      target: 'cancel',
      model: '',
      body,
      refuse: (refusal) => refusedCancel(c, simulation, refusal),
      async produce(account) {
        const found = tasks.find(account, id, clock.now());
        if (!found || !tasks.cancel(id, clock.now())) {
          const message = 'Failed to cancel the task, please confirm if the task is in PENDING status.';
          throw refusalFor('UnsupportedOperation', message);
        }
        return answerTasks(c, simulation, {});
      },
    });
  });
}

function tellImages(simulation: Simulation, { outcome, endedAt = 0 }: Task): Promise<string[]> {
  return imageTexts(simulation, outcome, endedAt, outcome.shape);
}

function serveTasks(
  c: SimulatorContext,
  simulation: Simulation,
  target: FaultTarget,
  work: (account: string, fault: OutcomeFault | undefined) => JsonRecord | Promise<JsonRecord>,
): Promise<Response> {
  return handleCall(c, simulation, {
    target,
    model: '',
    body: '',
    produce: async (account, fault) => answerTasks(c, simulation, await work(account, fault)),
  });
}

function refusedCancel(c: SimulatorContext, simulation: Simulation, refusal: Refusal): Response {
  const { status, code, message } = refusal;
  if (code !== 'UnsupportedOperation') return refusalAnswer(c, simulation, refusal);
  return answerTasks(c, simulation, { code, message }, status);
}

function answerTasks(c: SimulatorContext, simulation: Simulation, body: JsonRecord, status = 200): Response {
  const request = c.get('request');
  const whole = { request_id: request.requestId, ...body };
  return jsonAnswer(c, simulation, whole, taskHeaders(request, simulation.clock.now()), status);
}
