import type { SimulatorControl } from '../../simulator/routes/control.ts';
import { type DemoAnswer, type DemoClient, GIVEN_UP, generationBody } from './demo-client.ts';

/** One part of the demo. */
export interface DemoStep {
  readonly name: string;
  /** The model that all of its requests name, for one image each. */
  readonly model: string;
  run(): Promise<readonly DemoAnswer[]>;
  /** What happened, in a sentence. */
  says(answers: readonly DemoAnswer[]): string;
}

export interface DemoStage {
  /** Speaks to dashcache. */
  readonly client: DemoClient;
  readonly simulator: SimulatorControl;
  /** Moves the simulator's clock past the life of its result URLs. */
  skipADay(): void;
}

const MODEL = 'qwen-image-max';
const EDIT_MODEL = 'qwen-image-edit';
const BURST = 200;
const SIZE = '1328*1328';
const PROMPTS = [
  'A lighthouse keeper feeding gulls at dawn, film still',
  '一只橘猫坐在雨后的屋檐下,水彩',
  'Isometric cutaway of a tiny bakery, warm light',
  'Portrait of a clockmaker, rim light, shallow depth of field',
];

/** The workload: what image pipelines do all day. */
export function demoSteps({ client, simulator, skipADay }: DemoStage): DemoStep[] {
  let firstUrl = '';
  const first = PROMPTS.map((prompt, index) =>
    generationBody(MODEL, prompt, { size: SIZE, seed: index + 1 }),
  );
  const edit = (image: string) =>
    generationBody(EDIT_MODEL, 'Make it night, with a full moon', { images: [image] });
  return [
    {
      name: 'four new prompts',
      model: MODEL,
      run: async () => {
        const answers = await Promise.all(first.map((body) => client.send(body)));
        firstUrl = answers[0]?.imageUrls[0] ?? '';
        return answers;
      },
      says: () => 'forwarded, paid for once, downloaded and kept',
    },
    {
      name: 'the same, five times over',
      model: MODEL,
      run: async () =>
        await inTurn(Array.from({ length: 5 }, () => first).flat(), (body) => client.send(body)),
      says: () => 'answered from the store',
    },
    {
      name: 'spelled differently',
      model: MODEL,
      run: async () => [await client.send(respelled())],
      says: () => 'other key order, nulls and 1328x1328 make the same key',
    },
    {
      name: `a burst of ${BURST}`,
      model: MODEL,
      run: async () => {
        const body = generationBody(MODEL, 'Two hundred workers ask for this at once', { size: SIZE });
        return await Promise.all(Array.from({ length: BURST }, () => client.send(body)));
      },
      says: () => 'one flight, everybody gets its image',
    },
    {
      name: 'an edit',
      model: EDIT_MODEL,
      run: async () => {
        const bytes = new Uint8Array(await (await fetch(firstUrl)).arrayBuffer());
        const dataUri = `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
        return await inTurn([edit(dataUri), edit(firstUrl)], (body) => client.send(body));
      },
      says: () => 'the reference as a data URI, then as a URL: the bytes count, so the second is a hit',
    },
    {
      name: 'upstream says 429',
      model: MODEL,
      run: async () => {
        simulator.fault({ on: 'generation', effect: { kind: 'refuse', code: 'Throttling.RateQuota' } });
        return [await client.send(generationBody(MODEL, 'A tram in fog', { size: SIZE }))];
      },
      says: () => 'tried again after a pause; the client saw nothing of it',
    },
    {
      name: 'a client hangs up',
      model: MODEL,
      run: async () => {
        const body = generationBody(MODEL, 'A kite over a salt flat', { size: SIZE });
        const asked = simulator.counters().asked;
        const impatient = new AbortController();
        const lost = client.send(body, impatient.signal).catch(() => GIVEN_UP);
        await simulator.waitFor('generation', asked + 1);
        impatient.abort();
        return [await lost, await client.send(body)];
      },
      says: () => 'its flight goes on without it; the retry gets that image and costs nothing',
    },
    {
      name: 'a day later',
      model: MODEL,
      run: async () => {
        skipADay();
        const [source] = simulator.recent('image');
        const expired =
          source === undefined ? 0 : (await fetch(new URL(source.path, sourceOrigin(source.headers)))).status;
        const durable = (await fetch(firstUrl)).status;
        if (expired !== 403 || durable !== 200)
          throw new Error(`expected 403 and 200, got ${expired} and ${durable}`);
        return await inTurn(first, (body) => client.send(body));
      },
      says: () => "upstream's own link answers 403 now, dashcache's still 200",
    },
  ];
}

function respelled(): string {
  const content = JSON.stringify([{ text: PROMPTS[0] }]);
  return `{ "input": {"messages":[{"content":${content},"role":"user"}]},
    "parameters": {"seed": 1.0, "style": null, "negative_prompt": "", "size": "1328x1328"}, "model": "${MODEL}" }`;
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

function sourceOrigin(headers: Readonly<Record<string, string>>): string {
  return `http://${headers.host}`;
}
