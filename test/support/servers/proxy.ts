import { onTestFinished } from 'vitest';
import { Stack, type StackOptions } from './stack.ts';

/** A stack that ends with the test. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const stack = await Stack.start(options);
  onTestFinished(() => stack.close());
  return stack;
}

/** A server in front of an upstream that is not the simulator; it ends with the test. */
export async function startProxy(
  upstream: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Stack> {
  return await startStack({ env: { DASHCACHE_UPSTREAM: upstream, DASHCACHE_DRAIN_TIMEOUT: '1s', ...env } });
}
