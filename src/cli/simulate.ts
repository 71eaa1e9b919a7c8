import { systemClock } from '../adapters/system/clock.ts';
import { AppError } from '../core/errors.ts';
import { startSimulator } from '../simulator/server.ts';

/** Runs the simulator until it is told to stop. */
export async function simulate(options: { readonly port: string; readonly latency: string }): Promise<void> {
  const simulator = await startSimulator({
    clock: systemClock,
    port: wholeNumber('--port', options.port),
    latencyMs: wholeNumber('--latency', options.latency),
  });
  console.log(
    `The simulated DashScope listens on ${simulator.origin}; any key that begins with sk- will do.`,
  );
  console.log(
    `Point dashcache at it:  DASHCACHE_UPSTREAM=${simulator.origin} DASHSCOPE_API_KEY=sk-simulated npm start`,
  );
  await new Promise<void>((resolve) => {
    process.once('SIGTERM', () => resolve());
    process.once('SIGINT', () => resolve());
  });
  await simulator.close();
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new AppError('config', `${name} must be a whole number.`);
  return Number(text);
}
