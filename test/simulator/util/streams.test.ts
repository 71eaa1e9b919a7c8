import { request } from 'node:http';
import { createGunzip } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { fixture, headerNames, replay, textAt } from '../../support/data/fixtures.ts';
import { field, GENERATION_PATH, post, recipe, refusalOf, startTestSimulator } from '../support.ts';

const streaming = { 'X-DashScope-SSE': 'enable' };
const interleaved = (maxImages = 1) =>
  recipe({ stream: true, enable_interleave: true, max_images: maxImages }, 'wan2.6-image');

/** A fixture's stream with what differs from call to call replaced: texts, addresses and ids. */
function levelled(stream: string): string {
  return stream
    .replace(/"text":"[^"]*"/g, '"text":"…"')
    .replace(/"image":"[^"]*"/g, '"image":"…"')
    .replace(/"request_id":"[^"]*"/g, '"request_id":"…"');
}

const idsOf = (text: string) => text.match(/^id:\d+$/gm)?.length ?? 0;

describe('texts and pictures in turn', () => {
  test('22: the published stream, byte for byte', async () => {
    const { origin, control } = await startTestSimulator();
    const response = await replay(origin, '22');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream;charset=UTF-8');
    expect([...response.headers.keys()]).toEqual(
      expect.arrayContaining(headerNames(field(fixture('22'), 'response.headers'))),
    );
    const text = await response.text();
    expect(levelled(text)).toBe(levelled(textAt(fixture('22'), 'response.body_raw')));
    expect(text).toContain(`"request_id":"${response.headers.get('x-request-id')}"`);
    const url = /"image":"([^"]+)"/.exec(text)?.[1] ?? '';
    expect((await fetch(url)).status).toBe(200);
    expect(control.counters()).toMatchObject({ accepted: 1, billedImages: 1 });
  });

  test('38: the published error, byte for byte', async () => {
    const { origin, control } = await startTestSimulator();
    const response = await replay(origin, '38');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/event-stream;charset=UTF-8');
    const text = await response.text();
    expect(levelled(text)).toBe(levelled(textAt(fixture('38'), 'response.body_raw')));
    expect(control.counters().generations['wan2.6-image']?.refused).toEqual({ InvalidParameter: 1 });
  });

  test('usage grows with every event', async () => {
    const { origin } = await startTestSimulator();
    const text = await (await post(origin, interleaved(2), { headers: streaming })).text();
    const counts = [...text.matchAll(/"image_count":(\d)/g)].map((match) => match[1]).join('');
    expect(counts).toBe('0011122');
    expect(text).toMatch(/"size":"0\*0".*"size":"1280\*1280"/s);
  });

  test.each<[string, Readonly<Record<string, unknown>>, Readonly<Record<string, string>>]>([
    ['the header', { stream: true }, {}],
    ['the parameter', {}, streaming],
  ])('are refused without %s', async (_, parameters, headers) => {
    const { origin } = await startTestSimulator();
    const body = recipe({ enable_interleave: true, ...parameters }, 'wan2.6-image');
    expect(await refusalOf(await post(origin, body, { headers }))).toMatchObject({
      status: 400,
      code: 'InvalidParameter',
    });
  });

  test('what the gateway refuses is no stream', async () => {
    const { origin, control } = await startTestSimulator();
    const headers = streaming;
    expect((await post(origin, interleaved(), { headers, key: 'sk-invalid' })).status).toBe(401);
    control.fault({ on: 'generation', effect: { kind: 'refuse', status: 429 } });
    expect(await refusalOf(await post(origin, interleaved(), { headers }))).toMatchObject({ status: 429 });
  });

  test('may break off within an event', async () => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'cut', after: 2 } });
    const response = await post(origin, interleaved(), {
      headers: { ...streaming, 'accept-encoding': 'identity' },
    });
    let text = '';
    const reading = async () => {
      for await (const part of response.body ?? []) text += Buffer.from(part).toString();
    };
    await expect(reading()).rejects.toThrow();
    expect(text.match(/\n\n/g)).toHaveLength(2);
    expect(text).toMatch(/\n\nid:3\nevent:result\n/);
    expect(control.counters().billedImages).toBe(1);
  });

  test.each([0, 1, 3])('may end in an error after %i events', async (after) => {
    const { origin, control } = await startTestSimulator();
    control.fault({ on: 'generation', effect: { kind: 'fail', code: 'DataInspectionFailed', after } });
    const text = await (await post(origin, interleaved(), { headers: streaming })).text();
    expect(idsOf(text)).toBe(after + 1);
    expect(text.match(/^event:result$/gm)?.length ?? 0).toBe(after);
    expect(text).toMatch(
      new RegExp(
        `id:${after + 1}\nevent:error\n:HTTP_STATUS/400\ndata:{"code":"DataInspectionFailed",.*\n\n$`,
      ),
    );
  });

  test('may pause between events, each of which has arrived whole, gzipped or not', async () => {
    const { origin, control } = await startTestSimulator();
    const fault = control.fault({ on: 'generation', effect: { kind: 'hold', at: 'body', after: 2 } });
    const gunzip = createGunzip();
    const headers = { authorization: 'Bearer sk-test', 'accept-encoding': 'gzip', ...streaming };
    request(`${origin}${GENERATION_PATH}`, { method: 'POST', headers }, (answer) => answer.pipe(gunzip)).end(
      JSON.stringify(interleaved()),
    );
    let text = '';
    let beforeRelease = '';
    for await (const part of gunzip) {
      text += String(part);
      if (beforeRelease === '' && text.split('\n\n').length === 3) {
        beforeRelease = text;
        fault.release();
      }
    }
    expect(idsOf(beforeRelease)).toBe(2);
    expect(beforeRelease.endsWith('\n\n')).toBe(true);
    expect(idsOf(text)).toBe(4);
  });
});
