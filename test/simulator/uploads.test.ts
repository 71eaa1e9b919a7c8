import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { fixture, headerNames, replay, shapeOf, textAt } from '../support/data/fixtures.ts';
import {
  createManualClock,
  field,
  firstImageUrl,
  GENERATION_PATH,
  post,
  recipe,
  refusalOf,
  startTestSimulator,
} from './support.ts';
import { fetchPolicy, fieldOrders, pictureStart, postFile, uploadFile } from './upload-support.ts';

const MODEL = 'qwen-image-edit';
const HOUR_MS = 60 * 60 * 1000;
const resolve = { 'X-DashScope-OssResourceResolve': 'enable' };

const edit = (image: string, model = MODEL) =>
  recipe({ seed: 4 }, model, [{ image }, { text: 'Paint it blue' }]);

async function start(options: Parameters<typeof startTestSimulator>[0] = {}) {
  const clock = createManualClock();
  return { ...(await startTestSimulator({ clock, ...options })), clock };
}

async function ossErrorOf(response: Response): Promise<{ status: number; code: string | undefined }> {
  return { status: response.status, code: /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1] };
}

describe('temporary uploads', () => {
  test('24: the policy', async () => {
    const { origin } = await start();
    const response = await replay(origin, '24');
    const expected = field(fixture('24'), 'response');
    const body: unknown = await response.json();
    expect(shapeOf(body)).toEqual(shapeOf(field(expected, 'body')));
    expect([...response.headers.keys()]).toEqual(
      expect.arrayContaining(headerNames(field(expected, 'headers'))),
    );
    for (const name of ['expire_in_seconds', 'max_file_size_mb', 'capacity_limit_mb', 'x_oss_object_acl']) {
      expect(field(body, `data.${name}`)).toBe(field(expected, `body.data.${name}`));
    }
    expect(field(body, 'data.upload_dir')).toMatch(
      new RegExp(`^dashscope-instant/[0-9a-f]{32}/2026-09-21/${field(body, 'request_id')}$`),
    );
    expect(textAt(body, 'data.upload_host').startsWith(`${origin}/`)).toBe(true);
    const policy: unknown = JSON.parse(Buffer.from(textAt(body, 'data.policy'), 'base64').toString());
    expect(policy).toEqual({
      expiration: '2026-09-21T02:05:16.000Z',
      conditions: [
        ['content-length-range', 0, 1_073_741_824],
        ['starts-with', '$key', field(body, 'data.upload_dir')],
        { bucket: 'dashscope-file-mgr' },
        { 'x-oss-object-acl': 'private' },
        { 'x-oss-forbid-overwrite': 'true' },
      ],
    });
  });

  test.each([
    ['python', 200],
    ['qwencloud', 200],
    ['withoutStatus', 204],
  ] as const)('25: the form, in the order of %s', async (order, status) => {
    const { origin, control } = await start();
    const { name, response } = await uploadFile(origin, {
      model: MODEL,
      bytes: pictureStart,
      order: fieldOrders[order],
    });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('');
    expect([...response.headers.keys()]).toEqual(
      expect.arrayContaining(['server', 'etag', 'x-oss-request-id']),
    );
    const digest = createHash('sha256').update(pictureStart).digest('hex');
    expect(control.uploads()).toMatchObject([
      { name, account: 'sk-test', model: MODEL, bytes: 8, image: { digest } },
    ]);
    expect(control.counters()).toMatchObject({ uploads: 1, uploadBytes: 8, other: 1 });
    expect((await post(origin, edit(name), { headers: resolve })).status).toBe(200);
  });

  test('the same bytes make the same picture, uploaded or sent along', async () => {
    const { origin } = await start();
    const picture = Buffer.from(
      await (await fetch(await firstImageUrl(await post(origin, recipe({ size: '768*512' }))))).arrayBuffer(),
    );
    const { name } = await uploadFile(origin, { model: MODEL, bytes: picture });
    const drawn = async (image: string) => {
      const url = await firstImageUrl(await post(origin, edit(image), { headers: resolve }));
      return Buffer.from(await (await fetch(url)).arrayBuffer());
    };
    const byName = await drawn(name);
    expect(byName.equals(await drawn(`data:image/png;base64,${picture.toString('base64')}`))).toBe(true);
    expect(byName.equals(await drawn(`data:image/png;base64,${pictureStart.toString('base64')}`))).toBe(
      false,
    );
  });

  test('bytes arrive whole however the network splits them', async () => {
    const { origin, control } = await start();
    const policy = await fetchPolicy(origin, MODEL);
    // Looks like the end of the form again and again.
    const bytes = Buffer.from(`\x89PNG\r\n\x1a\n${'\r\n--b0\r--b'.repeat(50)}`, 'latin1');
    const fields = {
      OSSAccessKeyId: textAt(policy, 'oss_access_key_id'),
      Signature: textAt(policy, 'signature'),
      policy: textAt(policy, 'policy'),
      key: `${textAt(policy, 'upload_dir')}/x.png`,
      'x-oss-object-acl': 'private',
      'x-oss-forbid-overwrite': 'true',
    };
    const parts = Object.entries(fields).map(
      ([name, value]) => `--b0b0\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
    );
    const whole = Buffer.concat([
      Buffer.from(parts.join('')),
      Buffer.from('--b0b0\r\nContent-Disposition: form-data; name="file"; filename="x.png"\r\n\r\n'),
      bytes,
      Buffer.from('\r\n--b0b0--\r\n'),
    ]);
    const headers = { 'content-type': 'multipart/form-data; boundary=b0b0' };
    const status = await new Promise<number | undefined>((answered, failed) => {
      const posting = request(textAt(policy, 'upload_host'), { method: 'POST', headers }, (answer) => {
        answer.resume();
        answered(answer.statusCode);
      });
      posting.once('error', failed);
      posting.setNoDelay(true);
      for (let at = 0; at < whole.length; at += 7) posting.write(whole.subarray(at, at + 7));
      posting.end();
    });
    expect(status).toBe(204);
    const digest = createHash('sha256').update(bytes).digest('hex');
    expect(control.uploads()[0]).toMatchObject({ bytes: bytes.length, image: { digest } });
  });

  test.each<
    [string, { fileName?: string; changes?: Record<string, string>; order?: string[] }, number, string]
  >([
    ['a signature of another policy', { changes: { Signature: 'c2ln' } }, 403, 'SignatureDoesNotMatch'],
    ['a policy of one’s own', { changes: { policy: 'e30=' } }, 403, 'SignatureDoesNotMatch'],
    ['another access key', { changes: { OSSAccessKeyId: 'LTAI' } }, 403, 'InvalidAccessKeyId'],
    ['a key outside the folder', { changes: { key: 'elsewhere/x.png' } }, 403, 'AccessDenied'],
    ['leave to overwrite', { changes: { 'x-oss-forbid-overwrite': 'false' } }, 403, 'AccessDenied'],
    ['no fields', { order: [] }, 400, 'InvalidArgument'],
  ])('with %s are refused', async (_, options, status, code) => {
    const { origin, control } = await start();
    const { response } = await uploadFile(origin, { model: MODEL, bytes: pictureStart, ...options });
    expect(response.headers.get('content-type')).toBe('application/xml');
    expect(await ossErrorOf(response)).toEqual({ status, code });
    expect(control.counters().uploads).toBe(0);
  });

  test('are refused when the policy has expired', async () => {
    const { origin, clock } = await start();
    const policy = await fetchPolicy(origin, MODEL);
    clock.advance(299_999);
    const options = { model: MODEL, bytes: pictureStart };
    expect((await postFile(policy, options)).response.status).toBe(200);
    clock.advance(1);
    const { response } = await postFile(policy, { ...options, fileName: 'late.png' });
    expect(await ossErrorOf(response)).toEqual({ status: 403, code: 'AccessDenied' });
  });

  test('never overwrite', async () => {
    const { origin, control } = await start();
    const policy = await fetchPolicy(origin, MODEL);
    const options = { model: MODEL, bytes: pictureStart };
    const both = await Promise.all([postFile(policy, options), postFile(policy, options)]);
    expect(both.map(({ response }) => response.status).sort()).toEqual([200, 409]);
    const { response } = await postFile(policy, options);
    expect(await ossErrorOf(response)).toEqual({ status: 409, code: 'FileAlreadyExists' });
    expect(control.counters().uploads).toBe(1);
  });

  test('beyond the declared size are refused', async () => {
    const { origin } = await start({ maxUploadBytes: 1000 });
    const upload = (bytes: number) => uploadFile(origin, { model: MODEL, bytes: Buffer.alloc(bytes, 1) });
    expect((await upload(1000)).response.status).toBe(200);
    expect(await ossErrorOf((await upload(1001)).response)).toEqual({ status: 400, code: 'EntityTooLarge' });
  });

  test('that are no form are refused', async () => {
    const { origin } = await start();
    const host = textAt(await fetchPolicy(origin, MODEL), 'upload_host');
    const send = async (type: string, body: string) =>
      ossErrorOf(await fetch(host, { method: 'POST', body, headers: { 'content-type': type } }));
    const refused = { status: 400, code: 'MalformedPOSTRequest' };
    expect(await send('text/plain', 'hello')).toEqual(refused);
    expect(await send('multipart/form-data; boundary=b', '--b\r\nContent-Dis')).toEqual(refused);
    expect(await send('multipart/form-data; boundary=b', '--b\r\nX: y\r\n\r\nz\r\n--b--\r\n')).toEqual(
      refused,
    );
  });

  test('fail as a script says', async () => {
    const { origin, control } = await start();
    control.fault({ on: 'upload', effect: { kind: 'refuse', status: 503 } });
    control.fault({ on: 'policy', effect: { kind: 'refuse', status: 500 } });
    expect((await replay(origin, '24')).status).toBe(500);
    const { response } = await uploadFile(origin, { model: MODEL, bytes: pictureStart });
    expect(await ossErrorOf(response)).toEqual({ status: 503, code: 'ServiceUnavailable' });
    await control.waitFor('upload', 1);
    await control.waitFor('policy', 2);
  });

  test.each([
    ['?action=getPolicy', 'model'],
    ['?model=qwen-image-edit', 'action'],
  ])('need %s and %s', async (query, missing) => {
    const { origin } = await start();
    const response = await fetch(`${origin}/api/v1/uploads${query}`, {
      headers: { authorization: 'Bearer sk-test' },
    });
    expect(await refusalOf(response)).toMatchObject({
      status: 400,
      message: expect.stringContaining(missing),
    });
  });
});

describe('the name of an upload', () => {
  const unusable = { status: 400, code: 'InvalidParameter.DataInspection' };

  test('works for 48 hours', async () => {
    const { origin, clock } = await start();
    const { name } = await uploadFile(origin, { model: MODEL, bytes: pictureStart });
    clock.advance(48 * HOUR_MS - 1);
    expect((await post(origin, edit(name), { headers: resolve })).status).toBe(200);
    clock.advance(1);
    expect(await refusalOf(await post(origin, edit(name), { headers: resolve }))).toMatchObject(unusable);
  });

  test('works for its account and model alone, and with the header alone', async () => {
    const { origin } = await start({ accounts: { 'sk-one': 'main', 'sk-two': 'main' } });
    const { name } = await uploadFile(origin, { model: MODEL, bytes: pictureStart, key: 'sk-one' });
    const use = (key: string, model = MODEL, headers: Record<string, string> = resolve) =>
      post(origin, edit(name, model), { path: GENERATION_PATH, key, headers });
    expect((await use('sk-two')).status).toBe(200);
    expect(await refusalOf(await use('sk-three'))).toMatchObject(unusable);
    expect(await refusalOf(await use('sk-one', 'qwen-image-edit-plus'))).toMatchObject(unusable);
    expect(await refusalOf(await use('sk-one', MODEL, {}))).toMatchObject({
      status: 400,
      code: 'InvalidURL',
    });
  });

  test('of a file that is no picture is of no use', async () => {
    const { origin } = await start();
    const { name } = await uploadFile(origin, { model: MODEL, bytes: Buffer.from('hello') });
    expect(await refusalOf(await post(origin, edit(name), { headers: resolve }))).toMatchObject({
      code: 'BadRequest.UnsupportedFileFormat',
    });
  });

  test('of a file beyond the model’s bound is of no use', async () => {
    const { origin } = await start();
    const bytes = Buffer.alloc(21 * 1024 * 1024);
    pictureStart.copy(bytes);
    const { name, response } = await uploadFile(origin, { model: MODEL, bytes });
    expect(response.status).toBe(200);
    expect(await refusalOf(await post(origin, edit(name), { headers: resolve }))).toMatchObject({
      message: expect.stringContaining('10MB'),
    });
  });
});
