import { join } from 'node:path';
import { type CommandEnd, runCommand } from './child-command.ts';
import { API_KEY, body, type Stack } from './stack.ts';
import { SMALL } from './start-stack.ts';

/** Buys a small picture. */
export async function draw(
  stack: Stack,
  prompt: string,
  {
    model,
    key = API_KEY,
    ...parameters
  }: Readonly<Record<string, unknown>> & { model?: string; key?: string } = {},
): Promise<void> {
  const { status, text } = await stack.generate(body(prompt, { ...SMALL, ...parameters }, model), {
    authorization: `Bearer ${key}`,
  });
  if (status !== 200) throw new Error(text);
}

/** Runs a command that asks the stack's server. */
export async function ask(stack: Stack, ...args: readonly string[]): Promise<CommandEnd> {
  return await runCommand([...args, '--server', stack.origin], {});
}

/** The settings with which a command starts a server of its own over the stack's folder. */
export function ownServer(stack: Stack): Readonly<Record<string, string>> {
  return {
    DASHCACHE_DATA: join(stack.folder, 'data'),
    DASHCACHE_UPSTREAM: stack.simulator.origin,
    DASHCACHE_SITE: 'simulator',
    DASHSCOPE_API_KEY: API_KEY,
  };
}
