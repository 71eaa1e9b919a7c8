import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import type { CacheEvent } from '../../../src/core/events.ts';
import { type RunningServer, startServer } from '../../../src/node.ts';
import {
  type RunningSimulator,
  type SimulatorServerOptions,
  startSimulator,
} from '../../../src/simulator/server.ts';
import { blobFile } from '../data/blob-files.ts';

export const MULTIMODAL = '/api/v1/services/aigc/multimodal-generation/generation';
export const API_KEY = 'sk-test-0123456789abcdef';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON answers of many shapes
  readonly json: any;
}

export interface StackOptions {
  /** Settings beside those of the stack. */
  readonly env?: Readonly<Record<string, string>>;
  readonly simulator?: Partial<SimulatorServerOptions>;
}

/** A simulator with a server in front of it, whatever that runs on. */
export abstract class ServedSimulator {
  abstract readonly simulator: RunningSimulator;
  abstract readonly origin: string;
  abstract close(): Promise<void>;
  /** What runs ends, whatever it is at; what follows it looks after what was left. */
  abstract startAnew(): Promise<void>;
  /** Takes the bytes of a picture away behind the server's back. */
  abstract loseBytes(url: string): Promise<void>;

  /** Posts a generation; a body that is no string is sent as JSON. */
  async generate(
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
    signal?: AbortSignal,
  ): Promise<Answer> {
    return await this.request('POST', MULTIMODAL, {
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async request(
    method: string,
    path: string,
    init: RequestInit & { headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(this.origin + path, {
      ...init,
      method,
      headers: { authorization: `Bearer ${API_KEY}`, ...init.headers },
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  }

  /** What the vendor has been asked to draw so far. */
  get asked(): number {
    return this.simulator.control.counters().asked;
  }
}

/** A simulator and a server in front of it, in this process, over real sockets and real files. */
export class Stack extends ServedSimulator {
  override readonly simulator: RunningSimulator;
  readonly folder: string;
  readonly events: CacheEvent[] = [];
  readonly #env: Readonly<Record<string, string>>;
  #server: RunningServer | undefined;
  /** How far the simulator's clock is ahead. */
  aheadMs = 0;

  private constructor(folder: string, env: Readonly<Record<string, string>>, simulator: RunningSimulator) {
    super();
    this.folder = folder;
    this.#env = env;
    this.simulator = simulator;
  }

  static async start(options: StackOptions = {}): Promise<Stack> {
    const folder = await mkdtemp(join(tmpdir(), 'dashcache-e2e-'));
    let stack: Stack | undefined;
    const simulator = await startSimulator({
      latencyMs: 0,
      ...options.simulator,
      clock: { ...systemClock, now: () => systemClock.now() + (stack?.aheadMs ?? 0) },
    });
    stack = new Stack(folder, options.env ?? {}, simulator);
    await stack.startServer();
    return stack;
  }

  get server(): RunningServer {
    if (this.#server === undefined) throw new Error('the server is stopped');
    return this.#server;
  }

  override get origin(): string {
    return this.server.origin;
  }

  async startServer(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#server = await startServer(
      {
        PORT: '0',
        DASHCACHE_DATA: join(this.folder, 'data'),
        DASHCACHE_UPSTREAM: this.simulator.origin,
        // The simulator's port changes from run to run; a restarted stack must find its pictures again.
        DASHCACHE_SITE: 'simulator',
        DASHCACHE_LOG_LEVEL: 'silent',
        ...this.#env,
        ...env,
      },
      { onEvent: (event) => this.events.push(event), homeFolder: join(this.folder, 'home') },
    );
  }

  async stopServer(): Promise<void> {
    await this.#server?.close();
    this.#server = undefined;
  }

  override async startAnew(): Promise<void> {
    await this.stopServer();
    await this.startServer();
  }

  override async loseBytes(url: string): Promise<void> {
    await rm(blobFile(this, url));
  }

  override async close(): Promise<void> {
    await this.stopServer();
    await this.simulator.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A request body as the Python SDK spells it. */
export function body(
  prompt: string,
  parameters: Readonly<Record<string, unknown>> = {},
  model = 'qwen-image-max',
) {
  return {
    model,
    parameters: { size: '1024*1024', ...parameters },
    input: { messages: [{ role: 'user', content: [{ text: prompt }] }] },
  };
}

/** Every picture's URL in an answer, in order. */
export function imageUrls(answer: Answer): string[] {
  const choices: { message: { content: { image?: string }[] } }[] = answer.json?.output?.choices ?? [];
  return choices.flatMap(({ message }) =>
    message.content.flatMap(({ image }) => (image === undefined ? [] : [image])),
  );
}

export async function bytesAt(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
