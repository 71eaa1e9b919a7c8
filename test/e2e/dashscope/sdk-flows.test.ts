import { describe, expect, it } from 'vitest';
import { field } from '../../simulator/support.ts';
import { dataUri } from '../../support/clients/assets.ts';
import {
  ASYNC,
  IMAGE_GENERATION,
  IMAGE2IMAGE,
  RESOLVE,
  Sdk,
  type SdkAnswer,
  SPELLINGS,
  type Spelling,
  TEXT2IMAGE,
} from '../../support/clients/sdk.ts';
import { png } from '../../support/data/sample-images.ts';
import { bytesAt, MULTIMODAL, type Stack } from '../../support/servers/stack.ts';
import { startStack } from '../../support/servers/start-stack.ts';

/** A whole use of an SDK, as it is on the wire; gives the pictures' URLs. */
type Flow = (sdk: Sdk) => Promise<readonly string[]>;

const FILE = png(400, 300, (row) => row % 251);
const messages = (...content: readonly object[]) => ({ messages: [{ role: 'user', content }] });

const imagesOf = ({ json }: SdkAnswer): string[] =>
  json.output.choices.flatMap(({ message }: { message: { content: { image?: string }[] } }) =>
    message.content.flatMap(({ image }) => (image === undefined ? [] : [image])),
  );
const resultsOf = ({ json }: SdkAnswer): string[] =>
  json.output.results.map(({ url }: { url: string }) => url);

/** Submits, waits and fetches; then lists the task and tries in vain to cancel it. */
async function runTask(sdk: Sdk, path: string, body: object): Promise<SdkAnswer> {
  const submitted = await sdk.post(path, body, ASYNC);
  const { task_id: id, task_status: status } = submitted.json.output;
  expect([typeof id, status]).toEqual(['string', 'PENDING']);
  expect((await sdk.wait(id)).json.output.task_status).toBe('SUCCEEDED');
  const listed = await sdk.list();
  expect([listed.status, listed.headers.get('content-type')]).toEqual([
    200,
    expect.stringContaining('application/json'),
  ]);
  expect(JSON.stringify(await listed.json())).toContain(id);
  const refused = await sdk.cancel(id);
  expect([refused.status, refused.headers.get('content-type')]).toEqual([
    400,
    expect.stringContaining('application/json'),
  ]);
  expect(field(await refused.json(), 'code')).toBe('UnsupportedOperation');
  return await sdk.fetchTask(id);
}

const upstreamWork = ({ simulator }: Stack) => {
  const { asked, uploads, tasksSubmitted, billedImages } = simulator.control.counters();
  return { asked, uploads, tasksSubmitted, billedImages };
};

/** The flow straight to the vendor, through the proxy, and through the proxy again. */
async function replay(spelling: Spelling, flow: Flow): Promise<void> {
  const stack = await startStack();
  const vendor = new Sdk(stack.simulator.origin, spelling);
  const direct = await flow(vendor);
  expect(direct.length).toBeGreaterThan(0);
  const alone = upstreamWork(stack);

  const buyer = new Sdk(stack.origin, spelling);
  const bought = await flow(buyer);
  expect(buyer.told).toEqual(vendor.told);
  const twice = Object.fromEntries(Object.entries(alone).map(([name, count]) => [name, 2 * count]));
  expect(upstreamWork(stack)).toEqual(twice);
  const pictures = await Promise.all(bought.map(bytesAt));
  expect(pictures).toHaveLength(direct.length);
  for (const picture of pictures) expect(picture.length).toBeGreaterThan(1000);

  const repeater = new Sdk(stack.origin, spelling);
  const again = await flow(repeater);
  expect(repeater.told).toEqual(vendor.told);
  expect(upstreamWork(stack)).toEqual(twice);
  for (const url of again) expect(url.startsWith(`${stack.origin}/blobs/`), url).toBe(true);
  const repeated = await Promise.all(again.map(bytesAt));
  expect(repeated.length).toBe(pictures.length);
  expect(
    repeated.every((bytes, index) => Buffer.from(bytes).equals(pictures[index] ?? Buffer.alloc(0))),
  ).toBe(true);
}

const wanTask = {
  model: 'wan2.6-t2i',
  parameters: { n: 2, size: '1280*1280', is_async: true },
  input: messages({ text: 'Zwei Kraniche falten 千纸鹤' }),
};

const promptTask = {
  model: 'wan2.5-t2i-preview',
  parameters: { size: '1280*1280', n: 1, seed: 9, prompt_extend: true },
  input: { prompt: 'a paper boat', negative_prompt: 'people' },
};

describe('the Python SDK gets every picture once', () => {
  it('ImageGeneration.call', () =>
    replay(SPELLINGS.python, async (sdk) =>
      imagesOf(
        await sdk.post(MULTIMODAL, {
          model: 'qwen-image-max',
          parameters: {
            negative_prompt: null,
            style: null,
            seed: null,
            n: 1,
            size: '512*512',
            result_format: 'message',
            incremental_output: true,
          },
          input: messages({ text: 'A tin lighthouse, 晨光' }),
        }),
      ),
    ));

  it.each(['python', 'asyncio'] as const)(
    'ImageGeneration.async_call, wait, list, cancel, fetch: %s',
    (name) => replay(SPELLINGS[name], async (sdk) => imagesOf(await runTask(sdk, IMAGE_GENERATION, wanTask))),
  );

  it.each(['python', 'asyncio'] as const)('ImageSynthesis, text to image: %s', (name) =>
    replay(SPELLINGS[name], async (sdk) => resultsOf(await runTask(sdk, TEXT2IMAGE, promptTask))),
  );

  it('ImageSynthesis, image to image', () =>
    replay(SPELLINGS.python, async (sdk) =>
      resultsOf(
        await runTask(sdk, IMAGE2IMAGE, {
          model: 'wan2.5-i2i-preview',
          parameters: { n: 2, size: '1280*1280', prompt_extend: true, seed: 12 },
          input: {
            prompt: 'Set the teapot of image 1 on the table of image 2',
            images: [dataUri('image/png', FILE), dataUri('image/png', png(640, 480))],
          },
        }),
      ),
    ));

  it('ImageSynthesis, image to image, with local files', () =>
    replay(SPELLINGS.python, async (sdk) => {
      const model = 'wan2.5-i2i-preview';
      const images = [await sdk.upload(model, FILE, 'teapot.png')];
      images.push(await sdk.upload(model, png(640, 480), 'table.png'));
      const body = { model, parameters: { n: 1 }, input: { prompt: 'the two of them', images } };
      const submitted = await sdk.post(IMAGE2IMAGE, body, { ...ASYNC, ...RESOLVE });
      return resultsOf(await sdk.wait(submitted.json.output.task_id));
    }));

  it('MultiModalConversation.call, streaming texts and pictures in turn', () =>
    replay(SPELLINGS.python, (sdk) => sdk.stream(interleaved)));
});

const interleaved = {
  model: 'wan2.6-image',
  parameters: { stream: true, enable_interleave: true, max_images: 2, size: '768*768' },
  input: messages({ text: 'Show how to cook plain rice' }),
};

describe('a local file is uploaded once, drawn from once', () => {
  it.each(['python', 'asyncio', 'java', 'qwencloud'] as const)('MultiModalConversation.call: %s', (name) =>
    replay(SPELLINGS[name], async (sdk) => {
      const model = 'qwen-image-edit-plus';
      const image = await sdk.upload(model, FILE, 'kettle.png');
      const body = {
        model,
        parameters: { size: '512*512' },
        input: messages({ image }, { text: 'from steel to copper' }),
      };
      return imagesOf(await sdk.post(MULTIMODAL, body, RESOLVE));
    }),
  );
});

describe('the Java SDK gets every picture once', () => {
  it('ImageSynthesis, which tells the negative prompt twice', () =>
    replay(SPELLINGS.java, async (sdk) => {
      const { model, parameters, input } = promptTask;
      const noisy = { ...parameters, negative_prompt: input.negative_prompt };
      const done = await runTask(sdk, TEXT2IMAGE, { model, input, parameters: noisy });
      for (const result of done.json.output.results)
        for (const value of Object.values(result)) expect(typeof value).not.toBe('object');
      return resultsOf(done);
    }));

  it('MultiModalConversation, streaming with Cache-Control: no-cache', () =>
    replay(SPELLINGS.java, (sdk) => sdk.stream(interleaved)));
});

it('all SDKs share what one of them bought', async () => {
  const stack = await startStack();
  const urls: string[] = [];
  for (const name of ['java', 'asyncio', 'python'] as const) {
    const sdk = new Sdk(stack.origin, SPELLINGS[name]);
    const noisy =
      name === 'java'
        ? { ...promptTask, parameters: { ...promptTask.parameters, negative_prompt: 'people' } }
        : promptTask;
    urls.push(...resultsOf(await runTask(sdk, TEXT2IMAGE, noisy)));
  }
  expect(new Set(urls).size).toBe(1);
  expect(upstreamWork(stack)).toMatchObject({ asked: 1, tasksSubmitted: 1, billedImages: 1 });
});
