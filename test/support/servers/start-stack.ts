import { onTestFinished } from 'vitest';
import { type Answer, imageUrls, Stack, type StackOptions } from './stack.ts';

/** A stack that ends with the test; whatever a fault still holds is let go first. */
export async function startStack(
  env: StackOptions['env'] = {},
  simulator: StackOptions['simulator'] = {},
): Promise<Stack> {
  const stack = await Stack.start({ env, simulator });
  onTestFinished(async () => {
    stack.simulator.control.clearFaults();
    await stack.close();
  });
  return stack;
}

/** The smallest picture that the model draws: the fastest to paint. */
export const SMALL = { size: '512*512' } as const;

/** True when every picture of an answer is at the server's own blob address. */
export function isDurable(stack: Stack, answer: Answer): boolean {
  const urls = imageUrls(answer);
  return urls.length > 0 && urls.every((url) => url.startsWith(`${stack.origin}/blobs/`));
}

/** True when every picture of an answer is at upstream's own address. */
export function isUpstreams(stack: Stack, answer: Answer): boolean {
  const urls = imageUrls(answer);
  return urls.length > 0 && urls.every((url) => url.startsWith(`${stack.simulator.origin}/`));
}
