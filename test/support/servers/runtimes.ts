import { type ServedSimulator, Stack } from './stack.ts';
import { WorkerStack } from './worker-stack.ts';

export const ADMIN_TOKEN = 'the-admin-token-0001';

type Start = (env?: Readonly<Record<string, string>>) => Promise<ServedSimulator>;

/** What dashcache runs on, with the settings that make it the same for its clients. */
export const startOnNode: Start = (env) =>
  Stack.start({
    env: {
      DASHCACHE_AUTH: 'passthrough',
      DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN,
      DASHCACHE_DRAIN_TIMEOUT: '200ms',
      ...env,
    },
  });

export const startOnWorkers: Start = (env) =>
  WorkerStack.start({ DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN, ...env });

export const RUNTIMES: readonly [string, Start][] = [
  ['Node', startOnNode],
  ['Cloudflare Workers', startOnWorkers],
];
