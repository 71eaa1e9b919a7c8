import { Hono } from 'hono';
import { ConnectionCut, resetAnswer } from '../faults/fault-effects.ts';
import { createSimulation, type SimulatorOptions } from '../state/simulation.ts';
import { refusalFor } from '../vendor/refusal.ts';
import { refusalAnswer } from './answers.ts';
import { mountApiRoutes, mountUnknownRoutes } from './api-routes.ts';
import { createControl, type SimulatorControl } from './control.ts';
import { mountControlRoutes } from './control-routes.ts';
import { mountImageRoutes } from './image-routes.ts';
import type { SimulatorEnv } from './request-context.ts';
import { mountTaskRoutes } from './task-routes.ts';
import { mountUploadRoutes } from './upload-routes.ts';

export interface Simulator {
  /** Answers as DashScope and its result bucket do; every answer carries `x-dashcache-simulator: 1`. */
  readonly app: Hono<SimulatorEnv>;
  readonly control: SimulatorControl;
}

/** A local DashScope. Trailing slashes do not matter to it, as they do not to the vendor. */
export function createSimulator(options: SimulatorOptions): Simulator {
  const simulation = createSimulation(options);
  const app = new Hono<SimulatorEnv>({ strict: false });
  app.use(async (c, next) => {
    c.set('request', { requestId: options.clock.uuid(), arrivedAt: options.clock.now() });
    await next();
    c.res.headers.set('x-dashcache-simulator', '1');
  });
  app.onError((error, c) =>
    error instanceof ConnectionCut
      ? resetAnswer()
      : refusalAnswer(c, simulation, refusalFor('SimulatorError', String(error))),
  );
  mountApiRoutes(app, simulation);
  mountTaskRoutes(app, simulation);
  mountUploadRoutes(app, simulation);
  mountImageRoutes(app, simulation);
  const control = createControl(simulation);
  mountControlRoutes(app, simulation, control);
  mountUnknownRoutes(app, simulation);
  return { app, control };
}
