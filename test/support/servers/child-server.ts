import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ChildCommand } from './child-command.ts';

/** `dashcache serve` in a process of its own, on a free port. Killed with the test. */
export class ChildServer extends ChildCommand {
  constructor(env: Readonly<Record<string, string>>) {
    super(['serve'], { PORT: '0', ...env });
  }

  /** Resolves with the origin once the server listens. */
  static async start(
    env: Readonly<Record<string, string>>,
  ): Promise<ChildServer & { readonly origin: string }> {
    const child = new ChildServer(env);
    const line = await child.stdoutLine(/^dashcache listens on /);
    return Object.assign(child, { origin: line.replace('dashcache listens on ', '') });
  }
}

/** An empty folder that goes with the test. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dashcache-process-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
