import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { systemClock } from '../../adapters/system/clock.ts';
import { listPrice } from '../../core/models/list-price.ts';
import { startServer } from '../../node.ts';
import { startSimulator } from '../../simulator/server.ts';
import { formatTable } from '../terminal/text-table.ts';
import { type DemoAnswer, DemoClient, GIVEN_UP } from './demo-client.ts';
import { type DemoStep, demoSteps } from './demo-workload.ts';

const API_KEY = 'sk-demo-key-of-the-simulator';
const DRAWING_MS = 1_200;

interface Row {
  readonly step: DemoStep;
  readonly answers: readonly DemoAnswer[];
  readonly upstreamImages: number;
}

/** Starts the simulator and the server, sends a mixed workload through a real HTTP client, and prints a summary. */
export async function demo(options: { readonly output: string }): Promise<void> {
  const output = resolve(options.output);
  // Images of the last demo would be hits now.
  await rm(join(output, 'data'), { recursive: true, force: true });
  await mkdir(output, { recursive: true });
  // The simulator's clock can be moved ahead, to show that its links are dead a day later.
  let aheadMs = 0;
  const simulator = await startSimulator({
    clock: { ...systemClock, now: () => systemClock.now() + aheadMs },
    latencyMs: DRAWING_MS,
    apiKeys: [API_KEY],
  });
  const server = await startServer({
    PORT: '0',
    DASHCACHE_DATA: join(output, 'data'),
    DASHCACHE_UPSTREAM: simulator.origin,
    DASHCACHE_SITE: 'simulator',
    DASHSCOPE_API_KEY: API_KEY,
    DASHCACHE_LOG_LEVEL: 'error',
  });
  try {
    console.log(`Simulated DashScope: ${simulator.origin} (takes ${DRAWING_MS / 1000} s to draw)`);
    console.log(`dashcache:           ${server.origin}\n`);
    const client = new DemoClient(server.origin, API_KEY);
    const rows: Row[] = [];
    const steps = demoSteps({
      client,
      simulator: simulator.control,
      skipADay: () => {
        aheadMs += 25 * 60 * 60 * 1000;
      },
    });
    for (const step of steps) {
      const before = simulator.control.counters().billedImages;
      const answers = await step.run();
      const failure = answers.find(({ status }) => status !== 200 && status !== GIVEN_UP.status);
      if (failure !== undefined) throw new Error(`${step.name}: an answer has status ${failure.status}`);
      const upstreamImages = simulator.control.counters().billedImages - before;
      rows.push({ step, answers, upstreamImages });
      console.log(`- ${step.name}: ${step.says(answers)}`);
    }
    console.log(`\n${summary(rows)}\n`);
    const saved = await saveImages(rows, output);
    console.log(`${saved} images are in ${options.output}/, the store is in ${options.output}/data/.`);
  } finally {
    await server.close();
    await simulator.close();
  }
}

/** One line per step, at the vendor's Beijing list prices. Saved is what it would have cost to buy every request's image anew, less what was spent. */
function summary(rows: readonly Row[]): string {
  const header = [
    'step',
    'requests',
    'hit',
    'miss',
    'coalesced',
    'given up',
    'drawn upstream',
    'median time',
    'CNY spent',
    'CNY saved',
  ];
  const lines = rows.map(({ step, answers, upstreamImages }) => {
    const price = listPrice({ model: step.model, site: 'cn', count: 1 }, new Map())?.amount ?? 0;
    const spent = upstreamImages * price;
    return {
      cells: [
        step.name,
        answers.length,
        count(answers, 'HIT'),
        count(answers, 'MISS'),
        count(answers, 'COALESCED'),
        count(answers, GIVEN_UP.cache),
        upstreamImages,
      ],
      median: median(answers.filter(({ status }) => status === 200).map(({ elapsedMs }) => elapsedMs)),
      spent,
      saved: answers.length * price - spent,
    };
  });
  const total = (pick: (line: (typeof lines)[number]) => number) =>
    lines.reduce((sum, line) => sum + pick(line), 0);
  const sums = [1, 2, 3, 4, 5, 6].map((column) => String(total((line) => Number(line.cells[column]))));
  const spent = total((line) => line.spent);
  const saved = total((line) => line.saved);
  const table = formatTable(header, [
    ...lines.map(({ cells, median: ms, spent, saved }) => [
      ...cells.map(String),
      `${ms.toFixed(1)} ms`,
      spent.toFixed(2),
      saved.toFixed(2),
    ]),
    ['total', ...sums, '', spent.toFixed(2), saved.toFixed(2)],
  ]);
  return `${table}\n\nWithout dashcache ${(spent + saved).toFixed(2)} CNY, with it ${spent.toFixed(2)} CNY.`;
}

function count(answers: readonly DemoAnswer[], cache: string): number {
  return answers.filter((answer) => answer.cache === cache).length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

async function saveImages(rows: readonly Row[], folder: string): Promise<number> {
  const urls = new Set(rows.flatMap(({ answers }) => answers.flatMap(({ imageUrls }) => imageUrls)));
  let index = 0;
  for (const url of urls) {
    if (!url.includes('/blobs/')) continue;
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} answered ${response.status}`);
    index += 1;
    const name = `${String(index).padStart(2, '0')}-${url.slice(url.lastIndexOf('/') + 1).slice(0, 8)}.png`;
    await writeFile(join(folder, name), new Uint8Array(await response.arrayBuffer()));
  }
  return index;
}
