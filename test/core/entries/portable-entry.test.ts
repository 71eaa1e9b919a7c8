import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, readAnswer, renderAnswer } from '../../../src/core/dashscope/answer.ts';
import { readCarriedAnswer, writeAnswer } from '../../../src/core/entries/portable-entry.ts';

function read(text: string): Answer {
  const answer = readAnswer(new TextEncoder().encode(text));
  if (answer.kind !== 'assets') throw new Error(answer.kind);
  return answer;
}

const urls = fc.uniqueArray(fc.webUrl({ withQueryParameters: true }), { minLength: 1, maxLength: 4 });
const extras = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue(), { maxKeys: 3 });

describe('a carried answer', () => {
  it('is read back as it was, with all that surrounds the pictures', () => {
    fc.assert(
      fc.property(urls, extras, fc.option(fc.string({ unit: 'grapheme' })), (images, extra, requestId) => {
        const text = JSON.stringify({
          ...extra,
          ...(requestId === null ? {} : { request_id: requestId }),
          output: { results: images.map((url) => ({ url })), ...extra, task_status: 'SUCCEEDED' },
          usage: { image_count: images.length },
        });
        fc.pre(read(text).assets.length === images.length);
        const { template, usage } = read(text);
        const carried = readCarriedAnswer(writeAnswer(template, requestId ?? undefined), images.length);
        expect(carried).toEqual({ template, usage });
        expect(renderAnswer(template, (index) => images[index] ?? '', requestId ?? '')).toBe(text);
      }),
    );
  });

  it('is none with more, fewer or other pictures than the entry has', () => {
    const { template } = read('{"output":{"results":[{"url":"https://a/1"},{"url":"https://a/2"}]}}');
    const text = writeAnswer(template, undefined);
    expect(readCarriedAnswer(text, 2)).toBeDefined();
    for (const images of [0, 1, 3]) expect(readCarriedAnswer(text, images)).toBeUndefined();
    for (const odd of ['', '{', 'null', '{"code":"x"}', text.replace('image:1', 'image:01'), `${text},`])
      expect(readCarriedAnswer(odd, 2)).toBeUndefined();
  });
});
