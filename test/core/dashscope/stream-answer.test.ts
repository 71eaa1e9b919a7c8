import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeResult } from '../../../src/core/dashscope/sse.ts';
import { readStream, writeStream } from '../../../src/core/dashscope/stream-answer.ts';
import { field } from '../../simulator/support.ts';
import { itemsOf, readStrictly } from '../../support/clients/streams.ts';
import { fixture, textAt } from '../../support/data/fixtures.ts';
import { LAW } from '../../support/data/laws.ts';

const published = textAt(fixture('22'), 'response.body_raw');

/** A stream of these contents, each an event, with the closing one. */
function streamOf(contents: readonly (readonly object[])[], more: object = {}): string {
  const frame = (content: readonly object[], last: boolean, index: number) =>
    writeResult(
      index + 1,
      JSON.stringify({
        output: {
          choices: [{ message: { role: 'assistant', content }, finish_reason: last ? 'stop' : 'null' }],
          finished: last,
        },
        usage: { image_count: index },
        request_id: 'r',
        ...more,
      }),
    );
  return [...contents, []].map((content, index) => frame(content, index === contents.length, index)).join('');
}

function whole(stream: string) {
  const answer = readStream(stream);
  if (answer === undefined) throw new Error('the stream broke off');
  return { status: answer.status, body: JSON.parse(answer.text) };
}

const item = fc.oneof(
  fc.record({ type: fc.constant('text'), text: fc.string({ minLength: 1, unit: 'grapheme' }) }),
  fc.record({ type: fc.constant('image'), image: fc.webUrl() }),
);

describe('one answer from a stream', () => {
  it('22: texts joined, the picture in its place, the last usage', () => {
    const { status, body } = whole(published);
    expect(status).toBe(200);
    const [, picture = ''] = /"image":"([^"]+)"/.exec(published) ?? [];
    expect(body).toEqual({
      output: {
        choices: [
          {
            message: {
              role: 'assistant',
              content: [
                { type: 'text', text: 'Step 1: rinse the rice. ' },
                { type: 'image', image: picture },
              ],
            },
            finish_reason: 'stop',
          },
        ],
        finished: true,
      },
      usage: { total_tokens: 15, image_count: 1, output_tokens: 6, size: '1280*1280', input_tokens: 9 },
      request_id: '0a1b2c3d-1111-9222-8333-445566778816',
    });
  });

  it('38: the error, with its status', () => {
    const raw = textAt(fixture('38'), 'response.body_raw');
    expect(whole(raw)).toMatchObject({ status: 400, body: { code: 'InvalidParameter' } });
  });

  it('an error counts whatever texts came before it, as 400 where it names no failure', () => {
    const [first = ''] = published.split('\n\n');
    const error = 'event:error\n:HTTP_STATUS/200\ndata:{"code":"InternalError"}\n\n';
    expect(whole(`${first}\n\n${error}`)).toEqual({ status: 400, body: { code: 'InternalError' } });
    expect(whole('event:result\ndata:{"code":"InternalError"}\n\n').status).toBe(400);
    expect(whole(error.replace('200', '500')).status).toBe(500);
  });

  it('an error behind a picture, which may have been charged for, is no refusal but a break', () => {
    const picture = streamOf([[{ text: 'a' }], [{ image: 'https://a/1.png' }]]).split('id:3')[0];
    const error = 'event:error\n:HTTP_STATUS/400\ndata:{"code":"DataInspectionFailed"}\n\n';
    expect(readStream(`${picture}${error}`)).toBeUndefined();
    expect(readStream(`${picture}data:{"code":"InternalError"}\n\n`)).toBeUndefined();
  });

  it('fields that nobody knows survive', () => {
    const { body } = whole(streamOf([[{ image: 'https://a/1.png' }]], { later: { kept: true } }));
    expect(body.later).toEqual({ kept: true });
  });

  it('several choices are told apart by their index, or by their place', () => {
    const frame = (index: number, text: string) =>
      writeResult(1, JSON.stringify({ output: { choices: [{ index, message: { content: [{ text }] } }] } }));
    const last = writeResult(3, JSON.stringify({ output: { finished: true } }));
    const { body } = whole(frame(0, 'a') + frame(1, 'x') + frame(0, 'b') + frame(1, 'y') + last);
    const texts = body.output.choices.map((choice: unknown) => field(choice, 'message.content.0.text'));
    expect(texts).toEqual(['ab', 'xy']);
  });

  it('law: a stream that breaks off before its last event is none, wherever it does', () => {
    const end = published.lastIndexOf('id:4');
    const dataEnd = published.length - 2;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: dataEnd - 1 }), (length) => {
        expect(readStream(published.slice(0, length))).toBeUndefined();
      }),
      { ...LAW, examples: [[0], [end], [dataEnd - 1]] },
    );
    expect(readStream(published.slice(0, dataEnd))).toEqual(readStream(published));
  });

  it.each(['[DONE]', '{"no":"output"}'])('%s at its end changes nothing', (data) => {
    expect(whole(`${published}data:${data}\n\n`).body.output).toEqual(whole(published).body.output);
  });
});

describe('one answer from a stream that was asked to repeat itself', () => {
  const contentOf = (contents: readonly (readonly object[])[], repeating = true) => {
    const answer = readStream(streamOf(contents), repeating);
    return JSON.parse(answer?.text ?? '').output.choices[0].message.content;
  };
  const [first, second] = [{ image: 'https://a/1.png' }, { image: 'https://a/2.png' }];

  it('has each text and picture once when every event tells the whole message so far', () => {
    const contents = [
      [{ text: 'Step' }],
      [{ text: 'Step 1' }],
      [{ text: 'Step 1' }, first],
      [{ text: 'Step 1' }, first, { text: 'Step' }],
      [{ text: 'Step 1' }, first, { text: 'Step 2' }, second],
    ];
    expect(contentOf(contents)).toEqual([{ text: 'Step 1' }, first, { text: 'Step 2' }, second]);
  });

  it('has them once when every event tells its own text or picture so far', () => {
    const contents = [[{ text: 'A' }], [{ text: 'A b' }], [first], [first], [{ text: 'C' }], [second]];
    expect(contentOf(contents)).toEqual([{ text: 'A b' }, first, { text: 'C' }, second]);
  });

  it('is joined piece by piece when it did not do so', () => {
    const contents = [
      [{ text: 'ha' }],
      [{ text: 'ha' }],
      [{ text: 'ha' }, first],
      [{ text: 'x' }],
      [{ text: 'y' }],
    ];
    expect(contentOf(contents)).toEqual([{ text: 'hahaha' }, first, { text: 'xy' }]);
    // Not asked, two equal pieces are two.
    expect(contentOf([[{ text: 'ha' }], [{ text: 'ha' }]], false)).toEqual([{ text: 'haha' }]);
  });

  it('has its reasoning once', () => {
    const frame = (reasoning_content: string, text: string) =>
      writeResult(
        1,
        JSON.stringify({ output: { choices: [{ message: { reasoning_content, content: [{ text }] } }] } }),
      );
    const last = writeResult(3, JSON.stringify({ output: { finished: true } }));
    const stream = `${frame('I', '')}${frame('I think', 'a')}${frame('', 'ab')}${last}`;
    const { message } = JSON.parse(readStream(stream, true)?.text ?? '').output.choices[0];
    expect(message).toEqual({ reasoning_content: 'I think', content: [{ text: 'ab' }] });
  });

  it('takes no longer for many pictures than there are of them', () => {
    const contents = Array.from({ length: 20_000 }, (_, index) => [{ image: `i${index}` }, { text: 'x' }]);
    expect(contentOf(contents, false)).toHaveLength(40_000);
  });
});

describe('a stream from an answer', () => {
  it('has every event in one line for any reader, whatever the model wrote', () => {
    const text = 'a\n\nevent:error\ndata:{}\r\u2028event:error\u2029data:{}\u0085\u000b\u001e';
    const stream =
      writeStream(JSON.stringify({ output: { choices: [{ message: { content: [{ text }] } }] } })) ?? '';
    for (const sign of '\r\u000b\u001e\u0085\u2028\u2029') expect(stream).not.toContain(sign);
    expect(itemsOf(readStrictly(stream))).toEqual([{ text }]);
  });

  it('22: framed as it was published, an event for each text and picture', () => {
    const replay = writeStream(readStream(published)?.text ?? '') ?? '';
    const events = readStrictly(replay);
    expect(events.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(itemsOf(events)).toEqual(itemsOf(readStrictly(published)));
    expect(events.at(-1)?.data.output).toEqual({
      choices: [{ message: { role: 'assistant', content: [] }, finish_reason: 'stop' }],
      finished: true,
    });
    expect(replay.split('\n\n')[2]).toBe(published.split('\n\n')[3]?.replace('id:4', 'id:3'));
  });

  it('law: what was told in order is told in that order again, and comes to the same answer', () => {
    fc.assert(
      fc.property(fc.array(fc.array(item, { maxLength: 3 }), { maxLength: 6 }), (contents) => {
        const stream = streamOf(contents);
        const { text } = readStream(stream) ?? { text: '' };
        const replay = writeStream(text) ?? '';
        expect(itemsOf(readStrictly(replay))).toEqual(itemsOf(readStrictly(stream)));
        expect(JSON.parse(readStream(replay)?.text ?? '')).toEqual(JSON.parse(text));
      }),
      LAW,
    );
  });

  it('what is said once for the whole message is said once', () => {
    const answer = {
      output: {
        choices: [
          {
            message: { role: 'assistant', reasoning_content: 'hm', content: [{ text: 'a' }, { image: 'b' }] },
          },
        ],
      },
    };
    const stream = writeStream(JSON.stringify(answer)) ?? '';
    expect(stream.match(/reasoning_content/g)).toHaveLength(1);
    expect(whole(stream).body.output.choices[0].message).toEqual(answer.output.choices[0]?.message);
  });

  it.each(['01', '04', '07', '08', '23'])('%s: bought without a stream, all pictures come', (number) => {
    const body = field(fixture(number), 'response.body');
    const images = (value: unknown) => JSON.stringify(value).match(/"image":"[^"]+"/g);
    const events = readStrictly(writeStream(JSON.stringify(body)) ?? '');
    expect(images(events.map(({ data }) => data))).toEqual(images(body));
    expect(
      events.every(({ data }) => JSON.stringify(data.usage) === JSON.stringify(field(body, 'usage'))),
    ).toBe(true);
    expect(events.map(({ data }) => data.output.finished)).toEqual(
      events.map((_, at) => at === events.length - 1),
    );
  });

  it('13: results become the content of one message', () => {
    const body = field(fixture('13'), 'response.body');
    const events = readStrictly(writeStream(JSON.stringify(body)) ?? '');
    const urls = Object.values(Object(field(body, 'output.results'))).map((result) => field(result, 'url'));
    expect(itemsOf(events).map(({ image }) => image)).toEqual(urls);
    expect(events[0]?.data.output.results).toBeUndefined();
  });

  it('of pictures alone ends with them', () => {
    const content = [{ image: 'a' }, { image: 'b' }];
    const answer = {
      output: { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] },
      usage: { image_count: 2 },
    };
    const [event, ...more] = readStrictly(writeStream(JSON.stringify(answer)) ?? '');
    expect(more).toEqual([]);
    expect(event?.data).toEqual({ ...answer, output: { ...answer.output, finished: true } });
  });

  it('of what is no success there is none', () => {
    expect(writeStream('{"code":"InvalidParameter"}')).toBeUndefined();
    expect(writeStream('<html>')).toBeUndefined();
  });
});
