import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Answer, parseTemplate, readAnswer, renderAnswer } from '../../../src/core/dashscope/answer.ts';
import { parseJson } from '../../../src/core/json/json-text.ts';

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

function read(text: string): Answer {
  const answer = readAnswer(text, parseJson(text).value);
  if ('refusal' in answer) throw new Error(`refused: ${answer.refusal}`);
  return answer;
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
    expect(read('{"output":{},"usage":{"image_count":1}}').usage).toBe('{"image_count":1}');
    expect(read('{"output":{},"usage":null}').usage).toBeUndefined();
    expect(read('{"output":{}}')).toMatchObject({ usage: undefined, requestId: undefined, imageUrls: [] });
  });

  it.each([
    ['{"code":"InvalidParameter","message":"size is not supported"}', 'InvalidParameter'],
    ['{"code":"X","output":null}', 'X'],
    ['{"output":"encrypted"}', 'no output'],
    ['{"output":[]}', 'no output'],
    ['[]', 'no output'],
    ['null', 'no output'],
  ])('%s is a refusal', (text, refusal) => {
    expect(readAnswer(text, JSON.parse(text))).toEqual({ refusal });
  });
});
