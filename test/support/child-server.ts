import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** `dashcache serve` as its users run it: the built program in a process of its own. Killed with the test. */
export class ChildServer {
  readonly pid: number;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #stderr = '';
  #over = false;

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [MAIN, 'serve'], {
      // Nothing of the machine's own settings or keys.
      env: { PATH: process.env.PATH, HOME: env.HOME ?? '/nonexistent', PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.pid = this.#child.pid ?? 0;
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#tell();
    });
    createInterface(this.#child.stdout).on('line', (line) => {
      this.#lines.push(line);
      this.#tell();
    });
    this.ended = once(this.#child, 'close').then(([code, signal]) => {
      this.#over = true;
      this.#tell();
      return code ?? signal;
    });
    onTestFinished(async () => {
      this.kill('SIGKILL');
      await this.ended;
    });
  }

  /** Resolves with the origin once the server listens. */
  static async start(
    env: Readonly<Record<string, string>>,
  ): Promise<ChildServer & { readonly origin: string }> {
    const child = new ChildServer(env);
    const line = await child.stdoutLine(/^dashcache listens on /);
    return Object.assign(child, { origin: line.replace('dashcache listens on ', '') });
  }

  get stderr(): string {
    return this.#stderr;
  }

  get stdout(): string {
    return this.#lines.join('\n');
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** The first line that matches; throws if the process ends without one. */
  async stdoutLine(pattern: RegExp): Promise<string> {
    return await this.#until(() => this.#lines.find((line) => pattern.test(line)));
  }

  /** The match in what it wrote to standard error; throws if the process ends without one. */
  async stderrMatch(pattern: RegExp): Promise<string> {
    return await this.#until(() => pattern.exec(this.#stderr)?.[0]);
  }

  async #until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#over) throw new Error(`the process ended: ${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** An empty folder that goes with the test. */
export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'dashcache-process-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
