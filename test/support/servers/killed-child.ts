import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where a server is killed: at the transition to a state, or to any; `amid` its transaction, or behind it. */
export interface Death {
  readonly at: string;
  readonly amid?: true;
}

/** The program of servers that kill themselves. */
export class KillableProgram {
  readonly #folder = mkdtempSync(join(tmpdir(), 'dashcache-killed-'));

  static async build(): Promise<KillableProgram> {
    const program = new KillableProgram();
    // Beside what src/*.ts names by a relative path.
    for (const name of ['node_modules', 'migrations', 'src'])
      symlinkSync(join(ROOT, name), join(program.#folder, name));
    await build({
      absWorkingDir: ROOT,
      entryPoints: ['test/support/servers/killed-server.ts'],
      outfile: program.#file,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      jsx: 'automatic',
      jsxImportSource: 'hono/jsx',
      logLevel: 'warning',
    });
    return program;
  }

  get #file(): string {
    return join(this.#folder, 'killed', 'main.mjs');
  }

  /** Runs one, does `work` with it once it listens, and resolves with the signal that ended it. */
  async run(
    { at, amid }: Death,
    env: Readonly<Record<string, string>>,
    work: (origin: string) => Promise<unknown>,
  ): Promise<unknown> {
    const child = spawn(process.execPath, [this.#file], {
      env: {
        ...{ PATH: process.env.PATH, HOME: '/nonexistent', PORT: '0', ...env },
        ...{ DIE_AT: at, ...(amid === undefined ? {} : { DIE_AMID: '1' }) },
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const ended = once(child, 'close').then(([code, signal]) => signal ?? code);
    const listening = once(createInterface(child.stdout), 'line').then(([origin]) => String(origin));
    // It may die of what it finds, before it listens.
    const origin = await Promise.race([listening, ended.then(() => undefined)]);
    if (origin !== undefined) await work(origin).catch(() => 'lost');
    return await ended;
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}
