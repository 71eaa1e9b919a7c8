import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEvents, writeResult } from '../../../src/core/dashscope/sse.ts';
import { fixture, textAt } from '../../support/data/fixtures.ts';
import { LAW } from '../../support/data/laws.ts';

const data = fc.json({ noUnicodeString: false });
const comment = fc.constantFrom('', ':\n', ': keep-alive\n\n', ':\n\n', 'retry:10\n');

describe('the events of a stream', () => {
  it('22: four results, as they were framed', () => {
    const raw = textAt(fixture('22'), 'response.body_raw');
    const events = readEvents(raw);
    expect(events).toHaveLength(4);
    expect(events.every(({ event, status }) => event === 'result' && status === 200)).toBe(true);
    expect(events.map((event, index) => writeResult(index + 1, event.data)).join('')).toBe(raw);
  });

  it('38: an error with its status', () => {
    expect(readEvents(textAt(fixture('38'), 'response.body_raw'))).toMatchObject([
      { event: 'error', status: 400, data: expect.stringMatching(/^{"code":"InvalidParameter"/) },
    ]);
  });

  it('law: what is written is read, whatever the line ends and the comments between events', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ text: data, before: comment })),
        fc.constantFrom('\n', '\r\n', '\r'),
        (parts, lineEnd) => {
          const stream = parts
            .map(({ text, before }, index) => before + writeResult(index + 1, text))
            .join('')
            .replaceAll('\n', lineEnd);
          expect(readEvents(stream)).toEqual(
            parts.map(({ text }) => ({ event: 'result', status: 200, data: text })),
          );
        },
      ),
      LAW,
    );
  });

  it.each([
    ['a space after the colon', 'event: error\ndata: x\n\n', [{ event: 'error', data: 'x' }]],
    ['two spaces, of which one counts', 'data:  x\n\n', [{ data: ' x' }]],
    ['no blank line before the next id', 'id:1\ndata:a\nid:2\ndata:b', [{ data: 'a' }, { data: 'b' }]],
    ['two data lines', 'data:a\ndata:b\n\n', [{ data: 'a\nb' }]],
    ['no data', 'id:1\nevent:result\n\n', []],
    ['a field without a colon', 'data\n\n', [{ data: '' }]],
    ['a colon in the data', 'data:{"a":"b:c"}\n\n', [{ data: '{"a":"b:c"}' }]],
    ['a line separator in the data', 'data:a\u2028b\n\n', [{ data: 'a\u2028b' }]],
    [
      'the event name is for one event',
      'event:error\ndata:a\n\ndata:b\n\n',
      [{ event: 'error' }, { event: 'message' }],
    ],
    ['nothing', '', []],
  ])('%s', (_, stream, expected) => {
    expect(readEvents(stream)).toMatchObject(expected);
    expect(readEvents(stream)).toHaveLength(expected.length);
  });
});
