import { createServer } from 'node:http';
import { inflateSync } from 'node:zlib';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/adapters/system/clock.ts';
import type { Clock } from '../../src/ports/clock.ts';
import {
  type RunningSimulator,
  type SimulatorServerOptions,
  startSimulator,
} from '../../src/simulator/server.ts';

export const GENERATION_PATH = '/api/v1/services/aigc/multimodal-generation/generation';

/** A clock that stands still until it is told otherwise; its sleeps end at once. */
export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function createManualClock(startAt = Date.parse('2026-09-21T02:00:16Z')): ManualClock {
  let now = startAt;
  return {
    now: () => now,
    monotonic: () => now,
    sleep: async () => {},
    random: () => systemClock.random(),
    uuid: () => systemClock.uuid(),
    advance: (ms) => {
      now += ms;
    },
  };
}

/** A simulator without latency that ends with the test. */
export async function startTestSimulator(
  options: Partial<SimulatorServerOptions> = {},
): Promise<RunningSimulator> {
  const simulator = await startSimulator({ clock: systemClock, latencyMs: 0, ...options });
  onTestFinished(() => simulator.close());
  return simulator;
}

export interface RequestOptions {
  readonly path?: string;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export function post(origin: string, body: unknown, options: RequestOptions = {}): Promise<Response> {
  const { path = GENERATION_PATH, key = 'sk-test', headers = {}, signal = null } = options;
  return fetch(`${origin}${path}`, {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    signal,
  });
}

/** A message-shaped body. */
export function recipe(
  parameters: Readonly<Record<string, unknown>> = {},
  model = 'qwen-image-max',
  content: readonly unknown[] = [{ text: 'A red kite over a salt flat' }],
): Readonly<Record<string, unknown>> {
  return { model, parameters, input: { messages: [{ role: 'user', content }] } };
}

/** Every result URL of a success, in order. */
export async function imageUrls(response: Response): Promise<string[]> {
  const urls = [...(await response.text()).matchAll(/"image":"([^"]+)"/g)].map((match) => match[1] ?? '');
  if (response.status !== 200 || urls.length === 0) throw new Error(`no picture, status ${response.status}`);
  return urls;
}

export async function firstImageUrl(response: Response): Promise<string> {
  const [url = ''] = await imageUrls(response);
  return url;
}

/** `{code, message}` and status of a refusal. */
export async function refusalOf(
  response: Response,
): Promise<{ status: number; code: unknown; message: unknown }> {
  const body: unknown = await response.json();
  return { status: response.status, code: field(body, 'code'), message: field(body, 'message') };
}

/** The value at a dotted path of a JSON value; undefined where there is none. */
export function field(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (at, name) =>
        typeof at === 'object' && at !== null
          ? Object.entries(at).find(([key]) => key === name)?.[1]
          : undefined,
      value,
    );
}

export interface DecodedPng {
  readonly width: number;
  readonly height: number;
  /** RGB, three bytes a pixel. */
  readonly pixels: Uint8Array;
}

/** Decodes an 8-bit RGB PNG from the standard's text: lengths, checksums, inflation and filters are all checked. */
export function decodePng(file: Buffer): DecodedPng {
  if (file.subarray(0, 8).toString('latin1') !== '\x89PNG\r\n\x1a\n') throw new Error('no PNG signature');
  let header: Buffer | undefined;
  let ended = false;
  const data: Buffer[] = [];
  for (let offset = 8; offset < file.length; ) {
    const length = file.readUInt32BE(offset);
    const content = file.subarray(offset + 4, offset + 8 + length);
    if (file.readUInt32BE(offset + 8 + length) !== crc32(content)) throw new Error('bad checksum');
    const type = content.subarray(0, 4).toString('latin1');
    if (type === 'IHDR') header = content.subarray(4);
    if (type === 'IDAT') data.push(content.subarray(4));
    ended = type === 'IEND';
    offset += 12 + length;
  }
  if (!header || !ended) throw new Error('no header or no end');
  if (header.subarray(8).toString('hex') !== '0802000000') throw new Error('not 8-bit RGB');
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  return { width, height, pixels: unfilter(inflateSync(Buffer.concat(data)), width, height) };
}

function unfilter(rows: Buffer, width: number, height: number): Uint8Array {
  const stride = width * 3;
  if (rows.length !== (stride + 1) * height) throw new Error('wrong number of bytes');
  const pixels = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const filter = rows[y * (stride + 1)];
    if (filter !== 0 && filter !== 2) throw new Error(`unexpected filter ${filter}`);
    for (let x = 0; x < stride; x++) {
      const above = filter === 2 && y > 0 ? (pixels[(y - 1) * stride + x] ?? 0) : 0;
      pixels[y * stride + x] = (rows[y * (stride + 1) + 1 + x] ?? 0) + above;
    }
  }
  return pixels;
}

/** Bit by bit, unlike the encoder's table. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

/** Serves the eight bytes that every PNG begins with. */
export async function servePicture(): Promise<string> {
  const server = createServer((_, outgoing) => outgoing.end(Buffer.from('iVBORw0KGgo=', 'base64')));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' ? `http://127.0.0.1:${address?.port}/armchair.png` : '';
}
