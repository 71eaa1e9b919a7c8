import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../../src/cli/terminal/text-table.ts';
import { fillStore, requestBody } from './fill.ts';
import { type LoadResult, runLoad, writeScript } from './load.ts';

/**
 * Cached answers beside the floor: a bare `node:http` server that parses the same body. One core serves, the other
 * loads; the candidates take turns, so that the machine's moods fall on all of them. Needs wrk and taskset.
 */
const ROUNDS = 7;
const SECONDS = 4;
const CONNECTIONS = 50;
const WARM = 1_000;
const LARGE = 100_000;
const API_KEY = 'sk-bench-0123456789';
const SITE = 'bench';
const PATH = '/api/v1/services/aigc/multimodal-generation/generation';

interface Candidate {
  readonly name: string;
  readonly port: number;
  readonly script: string;
  readonly results: LoadResult[];
}

const root = join(import.meta.dirname, '../..');
const folder = await mkdtemp(join(tmpdir(), 'dashcache-bench-'));
const children: ChildProcess[] = [];
try {
  console.log(
    `Node ${process.version}, ${cpus()[0]?.model}; filling stores of ${WARM} and ${LARGE} entries …`,
  );
  await fillStore(join(folder, 'small'), WARM, SITE, API_KEY);
  await fillStore(join(folder, 'large'), LARGE, SITE, API_KEY);
  const bodies = (count: number) => Array.from({ length: count }, (_, index) => requestBody(index));
  const warm = await writeScript(folder, 'warm', bodies(WARM), PATH);
  const spread = await writeScript(folder, 'spread', bodies(LARGE), PATH);
  await startFloor(9801);
  await startDashcache(9802, join(folder, 'small'));
  await startDashcache(9803, join(folder, 'large'));
  const candidates: Candidate[] = [
    { name: 'bare node:http, parses the body', port: 9801, script: warm, results: [] },
    { name: `dashcache, ${WARM} entries, all asked for`, port: 9802, script: warm, results: [] },
    { name: `dashcache, ${LARGE} entries, ${WARM} asked for`, port: 9803, script: warm, results: [] },
    { name: `dashcache, ${LARGE} entries, all asked for`, port: 9803, script: spread, results: [] },
  ];
  for (const { port, script } of candidates)
    await runLoad(`http://127.0.0.1:${port}`, script, SECONDS, CONNECTIONS);
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const { port, script, results } of candidates) {
      results.push(await runLoad(`http://127.0.0.1:${port}`, script, SECONDS, CONNECTIONS));
    }
    console.log(`round ${round} of ${ROUNDS}`);
  }
  print(candidates);
} finally {
  for (const child of children) child.kill();
  await Promise.all(children.map(async (child) => child.exitCode ?? (await once(child, 'close'))));
  await rm(folder, { recursive: true, force: true });
}

function print(candidates: readonly Candidate[]): void {
  const floor = candidates[0]?.results ?? [];
  const rows = candidates.map(({ name, results }) => {
    const ratios = results.map(({ perSecond }, round) => perSecond / (floor[round]?.perSecond ?? Number.NaN));
    return [
      name,
      median(ratios).toFixed(2),
      median(results.map(({ perSecond }) => perSecond)).toFixed(0),
      median(results.map(({ p50Ms }) => p50Ms)).toFixed(1),
      median(results.map(({ p99Ms }) => p99Ms)).toFixed(1),
      String(results.reduce((sum, { errors }) => sum + errors, 0)),
    ];
  });
  console.log(
    `\nOne core serves, ${CONNECTIONS} connections; medians of ${ROUNDS} rounds; the ratio is within each round.\n`,
  );
  const [, small, large] = candidates;
  const sizes = small?.results.map(
    ({ perSecond }, round) => (large?.results[round]?.perSecond ?? Number.NaN) / perSecond,
  );
  console.log(formatTable(['server', 'ratio', 'requests/s', 'p50 ms', 'p99 ms', 'errors'], rows));
  console.log(
    `\nThe same requests with ${LARGE} entries in the store, to those with ${WARM}: ${median(sizes ?? []).toFixed(2)}`,
  );
}

async function startFloor(port: number): Promise<void> {
  await start(['--import', 'tsx', join(import.meta.dirname, 'floor.ts')], { PORT: String(port) });
}

async function startDashcache(port: number, data: string): Promise<void> {
  await start([join(root, 'dist/cli/main.js'), 'serve'], {
    PORT: String(port),
    DASHCACHE_DATA: data,
    DASHCACHE_SITE: SITE,
    // Nothing listens there: a miss would fail, and be counted as an error.
    DASHCACHE_UPSTREAM: 'http://127.0.0.1:9',
    DASHSCOPE_API_KEY: API_KEY,
  });
}

/** Starts a server on the first core and waits until it says that it listens. */
async function start(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn('taskset', ['-c', '0', process.execPath, ...args], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(() => Promise.reject(new Error(`${args.join(' ')} ended before it listened`))),
  ]);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
