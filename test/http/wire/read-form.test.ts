import { Hono } from 'hono';
import { describe, expect, it } from 'vitest';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { portableForms } from '../../../src/adapters/multipart/form-reader.ts';
import { isAppError } from '../../../src/core/errors.ts';
import { dataUri } from '../../../src/core/recipe/references.ts';
import { toBodyStream } from '../../../src/http/wire/body-stream.ts';
import { withForm } from '../../../src/http/wire/read-form.ts';
import { ByteBudget } from '../../../src/services/limits/byte-budget.ts';
import { FORM_TYPE, formBytes, inChunks } from '../../support/clients/forms.ts';
import { jpeg, png } from '../../support/data/sample-images.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

const KIB = 1024;
const PNG = png(40, 30);
const file = (name: string, value: string | Uint8Array) => ({ name, value, filename: 'a.bin' });

/** What one route makes of a form, or the code and message of what went wrong; and what is held meanwhile. */
async function read(
  form: Parameters<typeof formBytes>[0] | AsyncGenerator<Uint8Array, void, undefined>,
  { budget = new ByteBudget(1024 * KIB), maxBody = 512 * KIB, maxImage = 200 * KIB } = {},
) {
  const app = new Hono();
  const services = { forms: portableForms, probe: imageProbe, bodies: budget, clock: new ManualClock() };
  app.onError((error, c) =>
    c.json({ problem: isAppError(error) ? `${error.code} ${error.message}` : 'bug' }),
  );
  app.post('/', (c) =>
    withForm(c, services, { maxBody, maxImage }, ['image', 'image[]'], async ({ fields, images }) =>
      c.json({ fields: [...fields], images, held: budget.held }),
    ),
  );
  const body = 'next' in form ? toBodyStream(form) : Uint8Array.from(formBytes(form));
  const headers = { 'content-type': FORM_TYPE };
  const init = { method: 'POST', body, headers, duplex: 'half' };
  const response = await app.request('/', init);
  expect(budget.held).toBe(0);
  return await response.json();
}

describe('a form with images', () => {
  it('gives files as data URIs of what they really are, and texts, in their order', async () => {
    const { fields, images } = await read([
      { name: 'prompt', value: 'a boat' },
      file('image[]', jpeg(20, 20)),
      { name: 'image[]', value: 'https://example.com/a.png' },
      { name: 'n', value: '2' },
      file('image', PNG),
      { name: 'image', value: '' },
    ]);
    expect(fields).toEqual([
      ['prompt', 'a boat'],
      ['n', '2'],
    ]);
    expect(images).toEqual([
      { name: 'image[]', value: dataUri('image/jpeg', jpeg(20, 20)) },
      { name: 'image[]', value: 'https://example.com/a.png' },
      { name: 'image', value: dataUri('image/png', PNG) },
    ]);
  });

  it('holds the text that a file became, as a JSON body with it would', async () => {
    const { held } = await read([{ name: 'n', value: '12' }, file('image', PNG)]);
    expect(held).toBe(2 + dataUri('image/png', PNG).length);
  });

  it.each([
    ['a file where text belongs', [file('prompt', 'x')], /^invalid_request .*prompt takes text.* image\.$/],
    [
      'a field given twice',
      [
        { name: 'n', value: '1' },
        { name: 'n', value: '2' },
      ],
      /^invalid_request .*n comes twice/,
    ],
    ['a file that is no image', [file('image', 'words')], /^reference_unavailable image: .*not an image/],
    ['an empty file', [file('image', '')], /^reference_unavailable image: .*empty/],
    [
      'a picture that is too large',
      [file('image[]', new Uint8Array(201 * KIB))],
      /^body_too_large image\[\]: .*MAX_IMAGE/,
    ],
    [
      'several that are too large together',
      [1, 2, 3].map(() => file('image', png(400, 450))),
      /^body_too_large .*MAX_BODY/,
    ],
  ])('is refused for %s', async (_, parts, problem) => {
    expect((await read(parts)).problem).toMatch(problem);
  });

  it('is bounded by the body and by what all requests hold', async () => {
    const large = png(120, 100, (row) => row % 251);
    expect((await read([file('image', large)], { maxBody: large.byteLength })).problem).toMatch(
      /^body_too_large/,
    );
    // The form itself fits, what its file becomes does not.
    expect((await read([file('image', large)], { maxBody: large.byteLength + 500 })).problem).toMatch(
      /^body_too_large/,
    );
    const budget = new ByteBudget(100);
    expect((await read([file('image', large)], { budget })).problem).toMatch(/^overloaded/);
  });

  it('holds nothing of what it drops, and gives back what it held, when a part is malformed', async () => {
    const budget = new ByteBudget(64 * KIB);
    const form = Buffer.concat([
      formBytes([file('image', PNG)]).subarray(0, -10),
      Buffer.from('\r\n--b0\r\nodd\r\n\r\n'),
      formBytes([file('image', new Uint8Array(300 * KIB))]),
    ]);
    const held: number[] = [];
    const { problem } = await read(
      inChunks(form, 10 * KIB, () => held.push(budget.held)),
      { budget },
    );
    expect(problem).toMatch(/^invalid_request The head of a part is malformed/);
    expect(held).toHaveLength(31);
    expect(Math.max(...held)).toBe(dataUri('image/png', PNG).length);
  });

  it('gives back what it held when its sender leaves', async () => {
    async function* body() {
      yield formBytes([file('image', PNG)]).subarray(0, -10);
      throw new Error('the client left');
    }
    expect((await read(body())).problem).toBe('bug');
  });

  it('takes a file input where no file was chosen for absent', async () => {
    const head =
      'Content-Disposition: form-data; name="image"; filename=""\r\nContent-Type: application/octet-stream';
    const form = Buffer.concat([Buffer.from(`--b0\r\n${head}\r\n\r\n\r\n`), formBytes([file('image', PNG)])]);
    expect((await read(inChunks(form, 100))).images).toHaveLength(1);
  });
});
