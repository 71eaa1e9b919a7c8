import { describe, expect, test } from 'vitest';
import { fixture, headerNames, replay, textAt } from '../support/data/fixtures.ts';
import { expectLikeFixture } from './fixture.ts';
import {
  createManualClock,
  field,
  firstImageUrl,
  post,
  recipe,
  servePicture,
  startTestSimulator,
} from './support.ts';
import { pictureStart, uploadFile } from './upload-support.ts';

describe('the published exchanges come out of the simulator', () => {
  test.each(['01', '02', '03', '04', '05', '06', '07', '08', '23'])('success %s', async (number) => {
    const { origin } = await startTestSimulator();
    const picture = await servePicture();
    const { model } = Object(field(fixture(number), 'request.body'));
    const upload = await uploadFile(origin, { model, key: 'sk-EXAMPLE', bytes: pictureStart });
    const response = await replay(origin, number, (text) =>
      text
        .replace('https://assets.example.com/refs/armchair.png', picture)
        .replace(/oss:\/\/[^"]+/, upload.name),
    );
    const body = await expectLikeFixture(response, number);
    if (number === '05') return; // Its size follows a reference that only the vendor has.
    const expected = field(fixture(number), 'response.body');
    expect(field(body, 'usage.width')).toBe(field(expected, 'usage.width'));
    expect(field(body, 'usage.output_height')).toBe(field(expected, 'usage.output_height'));
    expect(field(body, 'usage.size')).toBe(field(expected, 'usage.size'));
  });

  test.each(['26', '27', '28', '31', '32'])('refusal %s', async (number) => {
    const { origin } = await startTestSimulator();
    const response = await replay(origin, number);
    const body = await expectLikeFixture(response, number);
    const expected = field(fixture(number), 'response.body');
    expect(field(body, 'code')).toBe(field(expected, 'code'));
    expect(field(body, 'message')).toBe(field(expected, 'message'));
  });

  test.each(['29', '30', '33', '34', '35', '37'])('refusal %s, by a scripted fault', async (number) => {
    const { origin, control } = await startTestSimulator();
    const expected = field(fixture(number), 'response.body');
    control.fault({
      on: 'generation',
      effect:
        number === '37'
          ? { kind: 'answer', answer: 'refused' }
          : { kind: 'refuse', code: textAt(expected, 'code') },
    });
    const body = await expectLikeFixture(await replay(origin, number), number);
    expect(field(body, 'code')).toBe(field(expected, 'code'));
    expect(field(body, 'message')).toBe(field(expected, 'message'));
  });

  test.each(['29', '30', '34', '35'])('refusal %s, by a marker in the prompt', async (number) => {
    const { origin } = await startTestSimulator();
    const code = textAt(fixture(number), 'response.body.code');
    const response = await replay(origin, number, (body) =>
      body.replace('salt flat', `salt flat simulate:${code}`),
    );
    const body = await expectLikeFixture(response, number);
    expect(field(body, 'code')).toBe(code);
  });

  test('a 401 carries no content-type', async () => {
    const { origin } = await startTestSimulator();
    const response = await replay(origin, '26');
    expect(response.headers.has('content-type')).toBe(false);
    expect(headerNames(field(fixture('26'), 'response.headers'))).not.toContain('content-type');
  });

  test('a success leaks the account headers of the published capture', async () => {
    const { origin } = await startTestSimulator();
    const { headers } = await replay(origin, '01');
    expect([...headers.keys()]).toEqual(
      expect.arrayContaining([
        'x-dashscope-uid',
        'x-dashscope-apikeyid',
        'x-dashscope-inner-flow-control-meta',
        'set-cookie',
      ]),
    );
    expect(headers.get('set-cookie')).toMatch(/^acw_tc=/);
  });

  test('the seed ends the file name, as in the capture', async () => {
    const { origin } = await startTestSimulator();
    const response = await replay(origin, '01');
    const url = new URL(await firstImageUrl(response));
    expect(url.pathname).toMatch(/^\/7d\/[0-9a-f]{2}\/\d{8}\/[0-9a-f]{8}\/[0-9a-f-]{36}4107\.png$/);
    expect([...url.searchParams.keys()]).toEqual(['Expires', 'OSSAccessKeyId', 'Signature']);
  });

  test('39: a result picture', async () => {
    const { origin } = await startTestSimulator();
    const response = await fetch(await firstImageUrl(await replay(origin, '01')));
    const expected = field(fixture('39'), 'response');
    expect(response.status).toBe(field(expected, 'status'));
    expect([...response.headers.keys()]).toEqual(
      expect.arrayContaining(headerNames(field(expected, 'headers'))),
    );
    expect(response.headers.get('content-type')).toBe('image/png');
    const bytes = await response.arrayBuffer();
    expect(Number(response.headers.get('content-length'))).toBe(bytes.byteLength);
    expect(bytes.byteLength).toBeGreaterThan(300_000);
  });

  test('40: the same URL after Expires', async () => {
    const clock = createManualClock();
    const { origin } = await startTestSimulator({ clock });
    const url = await firstImageUrl(await post(origin, recipe()));
    clock.advance(24 * 60 * 60 * 1000 - 1000);
    expect((await fetch(url)).status).toBe(200);
    clock.advance(1000);
    const response = await fetch(url);
    const expected = field(fixture('40'), 'response');
    expect(response.status).toBe(403);
    expect([...response.headers.keys()]).toEqual(
      expect.arrayContaining(headerNames(field(expected, 'headers'))),
    );
    const requestId = response.headers.get('x-oss-request-id') ?? '';
    const adapted = textAt(expected, 'body_raw')
      .replace(textAt(expected, 'headers.x-oss-request-id'), requestId)
      .replace('dashscope-result-sh.oss-cn-shanghai.aliyuncs.com', new URL(origin).host)
      .replace('2023-11-14T22:13:20.000Z', '2026-09-22T02:00:16.000Z')
      .replace('2026-09-23T02:00:00.000Z', '2026-09-22T02:00:16.000Z');
    expect(await response.text()).toBe(adapted);
  });
});
