import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface ChildOptions {
  readonly cwd?: string;
  /** What it reads on standard input. */
  readonly input?: string;
  /** Give it a terminal for input and output. Both of its outputs are `stdout` then. */
  readonly terminal?: true;
}

/** `dashcache` as its users run it: the built program in a process of its own. Killed with the test. */
export class ChildCommand {
  readonly pid: number;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: string[] = [];
  readonly #waiting = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  #over = false;

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    { cwd, input = '', terminal }: ChildOptions = {},
  ) {
    const [command = '', ...rest] = terminal
      ? ['script', '-qefc', [process.execPath, MAIN, ...args].map(quote).join(' '), '/dev/null']
      : [process.execPath, MAIN, ...args];
    this.#child = spawn(command, rest, {
      // Nothing of the machine's own settings or keys.
      env: { PATH: process.env.PATH, HOME: env.HOME ?? '/nonexistent', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    });
    // A terminal stays open; a program that does not read its input is none of our concern.
    this.#child.stdin.on('error', () => undefined);
    if (!terminal) this.#child.stdin.end(input);
    this.pid = this.#child.pid ?? 0;
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#tell();
    });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
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

  get stderr(): string {
    return this.#stderr;
  }

  /** What it wrote to standard output, or to its terminal, byte for byte. */
  get output(): string {
    return this.#stdout;
  }

  /** Its lines so far. */
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

  /** The match in what it wrote to standard output, whole lines or not; throws if the process ends without one. */
  async stdoutMatch(pattern: RegExp): Promise<string> {
    return await this.#until(() => pattern.exec(this.#stdout)?.[0]);
  }

  /** The match in what it wrote to standard error; throws if the process ends without one. */
  async stderrMatch(pattern: RegExp): Promise<string> {
    return await this.#until(() => pattern.exec(this.#stderr)?.[0]);
  }

  async #until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      if (this.#over) throw new Error(`the process ended: ${this.#stdout}${this.#stderr}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #tell(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** What a command came to that ran to its end. */
export interface CommandEnd {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  options: ChildOptions = {},
): Promise<CommandEnd> {
  const child = new ChildCommand(args, env, options);
  const code = await child.ended;
  return { code, stdout: child.stdout, stderr: child.stderr };
}

/** For a shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
