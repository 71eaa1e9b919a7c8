import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type Answer,
  type AnswerReading,
  parseTemplate,
  readAnswer,
  readAnswerFacts,
  renderAnswer,
  takeApart,
} from '../../../src/core/dashscope/answer.ts';
import { assetOf, urlOf } from '../../../src/core/dashscope/answer-assets.ts';
import { png } from '../../support/data/sample-images.ts';

const FIXTURES = new URL('../../fixtures/dashscope/', import.meta.url);

/** The success answers that are one JSON text each, and the events of the streamed one. */
const SUCCESSES = readdirSync(FIXTURES).flatMap((name) => {
  if (!/^(0[1-9]|1[0-4]|2[0-3])-/.test(name)) return [];
  const { response } = JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8'));
  const events = String(response.body_raw ?? '').matchAll(/^data:(.*)$/gm);
  const texts = response.body === undefined ? Array.from(events, ([, text]) => text ?? '') : [response.body];
  return texts.map((body, index) => ({
    name: `${name} ${index}`,
    body: typeof body === 'string' ? JSON.parse(body) : body,
  }));
});

function classify(body: unknown): AnswerReading {
  return readAnswer(new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)));
}

function answerOf(body: unknown): Answer {
  const answer = classify(body);
  if (answer.kind !== 'assets') throw new Error(answer.kind);
  return answer;
}

/** The parts of an answer, of one without files too. */
function read(text: string) {
  const { assets, template } = takeApart(text, assetOf);
  return { ...readAnswerFacts(JSON.parse(text)), template, imageUrls: assets.map(urlOf) };
}

function renderAsRead(text: string): string {
  const { template, imageUrls, requestId } = read(text);
  return renderAnswer(template, (index) => imageUrls[index] ?? 'none', requestId ?? 'none');
}

describe('an answer of the vendor', () => {
  it('is there to be tried', () => expect(SUCCESSES.length).toBeGreaterThan(16));

  it.each(SUCCESSES)('$name comes back byte for byte', ({ body }) => {
    for (const indent of [undefined, 2, '\t']) {
      const text = JSON.stringify(body, null, indent);
      expect(renderAsRead(text)).toBe(text);
    }
  });

  it.each(SUCCESSES)('$name has all its URLs replaced, and its request id', ({ body }) => {
    const text = JSON.stringify(body);
    const { template, imageUrls, requestId } = read(text);
    const rendered = renderAnswer(template, (index) => `http://here/${index}.png`, 'mine');
    expect(requestId).toBe(body.request_id);
    expect(rendered).not.toContain('aliyuncs.com');
    expect(JSON.parse(rendered).request_id).toBe('mine');
    for (const index of imageUrls.keys()) expect(rendered).toContain(`"http://here/${index}.png"`);
    expect(parseTemplate(JSON.stringify(template))).toEqual(template);
  });

  it.each([
    ['01', 1],
    ['04', 2],
    ['06', 2],
    ['07', 1],
    ['11', 2],
    ['12', 0],
    ['13', 1],
    ['14', 2],
    ['20', 0],
    ['23', 3],
  ])('%s holds %i images', (number, count) => {
    const body = SUCCESSES.find(({ name }) => name.startsWith(number))?.body;
    const { imageUrls } = read(JSON.stringify(body));
    expect(imageUrls).toHaveLength(count);
    expect(imageUrls.every((url) => url.startsWith('https://dashscope-'))).toBe(true);
  });
});

describe('readAnswer', () => {
  const choice = (...content: object[]) => ({ message: { role: 'assistant', content } });

  it('keeps what it does not know as it is written', () => {
    const text =
      '{ "output" : {"choices":[{"message":{"content":[{"image":"u"}]}}],"big":12345678901234567890, "odd":1.50e+2,"é":"\\u00e9\\/"},"a":1,"a":2,"request_id":"r" }';
    expect(renderAsRead(text)).toBe(text);
    const { template } = read(text);
    expect(renderAnswer(template, () => 'v', 'mine')).toBe(
      text.replace('"u"', '"v"').replace('"r"', '"mine"'),
    );
  });

  it('counts one URL in two places as one image', () => {
    const body = { output: { choices: [choice({ image: 'u' }, { image: 'v' }), choice({ image: 'u' })] } };
    const { imageUrls, template } = read(JSON.stringify(body));
    expect(imageUrls).toEqual(['u', 'v']);
    expect(JSON.parse(renderAnswer(template, (index) => String(index), ''))).toEqual({
      output: { choices: [choice({ image: '0' }, { image: '1' }), choice({ image: '0' })] },
    });
  });

  it('reads a URL through its escapes', () => {
    const text = String.raw`{"output":{"results":[{"url":"https:\/\/a.example\/x?a=1\u0026b=2"}]}}`;
    expect(read(text).imageUrls).toEqual(['https://a.example/x?a=1&b=2']);
    expect(JSON.parse(renderAsRead(text))).toEqual(JSON.parse(text));
  });

  it('takes no other field for an image', () => {
    const body = {
      image: 'a',
      url: 'b',
      output: {
        image: 'c',
        url: 'd',
        results: { url: 'e' },
        text_results: [{ url: 'f' }],
        choices: [{ image: 'g', message: { image: 'h', content: [{ image: { url: 'i' }, note: 'j' }] } }],
      },
    };
    expect(read(JSON.stringify(body)).imageUrls).toEqual([]);
  });

  it('gives the texts beside the pictures', () => {
    const body = {
      output: { choices: [choice({ image: 'u' }, { text: 'a' }), { message: { content: 'b' } }, {}] },
    };
    expect(read(JSON.stringify(body)).texts).toEqual(['a', 'b']);
  });

  it('gives the usage, or none', () => {
    expect(classify('{"output":{},"usage":{"image_count":1}}').usage).toBe('{"image_count":1}');
    expect(classify('{"output":{},"usage":null}').usage).toBeUndefined();
    expect(classify('{"output":{}}')).toMatchObject({ usage: undefined, requestId: undefined });
  });

  it.each([
    [{ code: 'InvalidParameter', message: 'no such size' }, 'InvalidParameter', 'no such size'],
    [{ code: 'X', output: null }, 'X', undefined],
    [{ output: { code: 'DataInspectionFailed', message: 'no' } }, 'DataInspectionFailed', 'no'],
    [{ error: { type: 'invalid_request_error', message: 'bad' } }, 'invalid_request_error', 'bad'],
    [{ code: 429 }, '429', undefined],
  ])('%j is a refusal', (body, code, message) => {
    expect(classify(body)).toMatchObject({ kind: 'refusal', code, message });
  });

  it.each([
    ['a page', '<html>Bad Gateway</html>'],
    ['nothing', ''],
    ['JSON that was cut off', '{"output":{"choices":[{"message":{"content":[{"image":"https://a/1.png'],
    ['null', 'null'],
    ['a list', '[]'],
    ['no output', '{"request_id":"r"}'],
    ['an output that says nothing', '{"output":{}}'],
    ['an encrypted output', '{"output":"c2VjcmV0"}'],
    ['an output that is null', '{"output":null}'],
    ['an unknown item', { output: { choices: [choice({ box: [1, 2] })] } }],
    ['a count of pictures without any', { output: { choices: [choice()] }, usage: { image_count: 1 } }],
    ['a message without a code', { message: 'sorry' }],
    ['words that point elsewhere', { output: { choices: [choice({ text: '![](https://a/1.png)' })] } }],
    ['a code of success', { code: '200', message: 'ok' }],
  ])('%s is not understood', (_, body) => {
    expect(classify(body).kind).toBe('not-understood');
  });

  it.each([
    ['words only', { output: { choices: [choice({ text: 'I will not.' })] } }, 0],
    ['no item', { output: { choices: [choice()] } }, 0],
    ['no result', { output: { results: [] } }, 0],
    ['failures only', { output: { results: [{ code: 'c', message: 'm' }] } }, 1],
    ['a count of none', { output: {}, usage: { image_count: 0 } }, 0],
    ['metrics of none', { output: { task_metrics: { TOTAL: 2, SUCCEEDED: 0, FAILED: 2 } } }, 2],
  ])('%s says that there is no picture', (_, body, failed) => {
    expect(classify(body)).toMatchObject({ kind: 'none', failed });
  });

  it.each([
    { output: { task_id: 't', task_status: 'PENDING' } },
    { task_id: 't' },
    { data: { taskId: 't' }, code: '' },
    { output: { task: { task_id: 't' } } },
  ])('%j is a task', (body) => {
    expect(classify(body)).toMatchObject({ kind: 'task', taskId: 't' });
  });

  it.each([null, [], {}, { output: [] }, { output: { task_id: 7 } }, { output: { task_id: '' } }])(
    '%j is no task',
    (body) => expect(classify(body).kind).not.toBe('task'),
  );

  const url = 'https://a.example/1.png?Expires=1';
  it.each([
    { output: { render_urls: [url] } },
    { output: { render_urls: [{ url }] } },
    { output: { choices: [choice({ image_url: url })] } },
    { output: { choices: [choice({ image_url: { url } })] } },
    { output: { choices: [choice({ type: 'image', image: { url } })] } },
    { output: { images: [url] } },
    { output: { images: [{ url }] } },
    { output: { output_image_url: url } },
    { output: { image_url: url, task_id: 't', task_status: 'SUCCEEDED' } },
    { output: { video_url: url } },
    { output: { text_results: { urls: [{ url }] } } },
    { images: [url] },
    { data: [{ url, revised_prompt: 'https://a.example/2.png' }] },
    { code: '', message: '', output: { results: [{ url }] } },
  ])('%j has a file, and comes back whole but for its URL', (body) => {
    const { assets, imageCount, template, failed } = answerOf(body);
    expect({ assets, imageCount, failed }).toEqual({ assets: [{ url }], imageCount: 1, failed: 0 });
    const rendered = renderAnswer(template, () => 'http://here/1.png', '');
    expect(rendered).toBe(JSON.stringify(body).replace(url, 'http://here/1.png'));
  });

  it.each([
    { output: { actual_prompt: url } },
    { output: { choices: [choice({ text: url })] } },
    { output: { help_url: 'https://help.example/page.html' } },
    { usage: { policy_url: url } },
    { output: { message: url } },
  ])('%j has none', (body) => expect(classify(body).kind).not.toBe('assets'));

  const bytes = new Uint8Array(png(8, 8));
  const base64 = Buffer.from(bytes).toString('base64');
  const lines = base64.replace(/.{76}/g, '$&\r\n');
  it.each([
    { output: { choices: [choice({ image: `data:image/png;base64,${base64}` })] } },
    { output: { choices: [choice({ image: base64, type: 'image' })] } },
    { output: { results: [{ url: base64 }] } },
    { output: { images: [lines] } },
  ])('a picture inside the answer (%#) is a file by its bytes', (body) => {
    const { assets, template } = answerOf(body);
    expect(assets).toEqual([{ bytes }]);
    expect(JSON.stringify(template)).not.toContain(base64.slice(0, 60));
    expect(renderAnswer(template, () => 'http://here/1.png', '')).toContain('"http://here/1.png"');
  });

  it('a field for base64 becomes one for a URL', () => {
    const { template } = answerOf({ data: [{ b64_json: base64, size: 1 }], output: { b64_image: base64 } });
    expect(JSON.parse(renderAnswer(template, (index) => `u${index}`, ''))).toEqual({
      data: [{ url: 'u0', size: 1 }],
      output: { url: 'u0' },
    });
  });

  it('results are counted by what they show, echoes and failures apart', () => {
    const image = (n: number) => ({ image: `https://a.example/${n}.png` });
    const output = {
      choices: [choice(image(1), { text: 'a' }), choice(image(2)), choice(image(2))],
      input_image_url: 'https://a.example/0.png',
      task_metric: { TOTAL: 4, SUCCEEDED: 3, FAILED: 1 },
    };
    const answer = answerOf({ output });
    expect([answer.assets.length, answer.imageCount, answer.failed]).toEqual([3, 2, 1]);
    const results = [{ url: 'https://a.example/1.png' }, { code: 'c', message: 'm' }];
    expect(answerOf({ output: { results } })).toMatchObject({ imageCount: 1, failed: 1 });
  });
});
