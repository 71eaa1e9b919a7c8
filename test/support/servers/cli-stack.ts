import { join } from 'node:path';
import type { RunningSimulator, SimulatorServerOptions } from '../../../src/simulator/server.ts';
import { startTestSimulator } from '../../simulator/support.ts';
import { createFolder } from './child-server.ts';
import { API_KEY } from './stack.ts';

/** A simulator, an empty folder to work in, and the settings that commands need to use both. */
export interface CliStack {
  readonly simulator: RunningSimulator;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the vendor has been asked to draw so far. */
  asked(): number;
}

export async function prepareCli(simulated: Partial<SimulatorServerOptions> = {}): Promise<CliStack> {
  const simulator = await startTestSimulator(simulated);
  const folder = await createFolder();
  return {
    simulator,
    folder,
    env: {
      DASHCACHE_DATA: join(folder, 'data'),
      DASHCACHE_UPSTREAM: simulator.origin,
      DASHCACHE_SITE: 'simulator',
      DASHSCOPE_API_KEY: API_KEY,
    },
    asked: () => simulator.control.counters().asked,
  };
}
