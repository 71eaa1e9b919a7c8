import type { Context } from 'hono';

/** What the simulator knows of one request from its first moment. */
export interface RequestContext {
  /** Goes into body and header alike. */
  readonly requestId: string;
  readonly arrivedAt: number;
}

export interface SimulatorEnv {
  Variables: { request: RequestContext };
}

export type SimulatorContext = Context<SimulatorEnv>;

/** True when the header asks for a task instead of images. */
export function asksForTask(c: SimulatorContext): boolean {
  return c.req.header('x-dashscope-async') === 'enable';
}

/** True when the client offered gzip. */
export function acceptsGzip(c: SimulatorContext): boolean {
  const offers = (c.req.header('accept-encoding') ?? '').split(',');
  return offers.some((offer) => /^\s*gzip\s*($|;)/i.test(offer) && !/;\s*q=0(\.0*)?\s*$/i.test(offer));
}
