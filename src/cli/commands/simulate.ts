import { systemClock } from '../../adapters/system/clock.ts';
import { AppError } from '../../core/errors.ts';
import { startSimulator } from '../../simulator/server.ts';

/** Runs the simulator until it is told to stop. */
export async function simulate(options: { readonly port: string; readonly latency: string }): Promise<void> {
  const port = wholeNumber('--port', options.port, 65_535);
  const simulator = await startSimulator({
    clock: systemClock,
    port,
    latencyMs: wholeNumber('--latency', options.latency, 600_000),
  }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError('config', `The simulator cannot listen on --port ${port}: ${reason}.`, { cause });
  });
  console.log(
    `The simulated DashScope listens on ${simulator.origin}; any key that begins with sk- will do.`,
  );
  console.log(
    // The site's name is what its images are priced by.
    `Point dashcache at it:  DASHCACHE_UPSTREAM=${simulator.origin} DASHCACHE_SITE=simulator DASHSCOPE_API_KEY=sk-simulated npm start`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  await simulator.close();
}

function wholeNumber(name: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) throw new AppError('config', `${name} must be a whole number from 0 to ${most}.`);
  return value;
}
