import { existsSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { field } from '../../simulator/support.ts';
import {
  fetchPolicy,
  fieldOrders,
  postFile,
  type UploadOptions,
  uploadFile,
} from '../../simulator/upload-support.ts';
import { dataUri, edit } from '../../support/clients/assets.ts';
import { FORM_TYPE, formBytes } from '../../support/clients/forms.ts';
import { requestRaw } from '../../support/clients/raw-request.ts';
import { fixture, shapeOf } from '../../support/data/fixtures.ts';
import { countEntries, readRows, writeRows } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { untilFiles } from '../../support/data/until-files.ts';
import { startStack } from '../../support/servers/proxy.ts';
import { API_KEY, type Stack } from '../../support/servers/stack.ts';

const RESOLVE = { 'x-dashscope-ossresourceresolve': 'enable' };
const MODEL = edit().model;
const PNG = png(400, 300, (row) => row % 251);

const upload = (stack: Stack, options: Partial<UploadOptions> = {}) =>
  uploadFile(stack.origin, { model: MODEL, bytes: PNG, key: API_KEY, ...options });
const uploaded = async (stack: Stack, options: Partial<UploadOptions> = {}) => {
  const { name, response } = await upload(stack, options);
  expect(response.status).toBe(200);
  return name;
};
/** Files at the vendor. */
const upstreamUploads = (stack: Stack) => stack.simulator.control.counters().uploads;
const lastSent = (stack: Stack) => stack.simulator.control.recent('generation').at(-1);

function filesIn(stack: Stack, folder: string): string[] {
  const path = join(stack.folder, 'data', folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile())
    .map(({ name }) => name);
}

async function refusal(response: Response): Promise<[number, string | undefined]> {
  expect(response.headers.get('content-type')).toBe('application/xml');
  return [response.status, /<Code>(.*)<\/Code>/.exec(await response.text())?.[1]];
}

describe('an uploaded picture', () => {
  it.each(Object.entries(fieldOrders))(
    'in the field order of %s is drawn from once, whatever its name',
    async (_, order) => {
      const stack = await startStack();
      const first = await upload(stack, { order });
      expect(first.response.ok).toBe(true);
      expect(first.response.headers.get('etag')).toMatch(/^"[0-9A-F]{32}"$/);
      expect(upstreamUploads(stack)).toBe(0);
      const miss = await stack.generate(edit(first.name), RESOLVE);
      expect(miss.headers.get('cache-status')).toContain('; stored;');
      expect([upstreamUploads(stack), stack.asked]).toEqual([1, 1]);

      const second = await upload(stack, { order, fileName: 'other name.png' });
      expect(second.name).not.toBe(first.name);
      const hit = await stack.generate(edit(second.name), RESOLVE);
      expect(hit.headers.get('x-cache')).toBe('HIT');
      expect(hit.json.output).toEqual(miss.json.output);
      // As a data URI it is the same picture, too.
      const inline = await stack.generate(edit(dataUri('image/png', PNG)));
      expect(inline.headers.get('x-cache')).toBe('HIT');
      expect([upstreamUploads(stack), stack.asked, countEntries(stack)]).toEqual([1, 1, 1]);
    },
  );

  it('goes upstream under the name that the vendor gave it, all else as it came', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    await stack.generate(` ${JSON.stringify(edit(name))}`, RESOLVE);
    const [atVendor] = stack.simulator.control.uploads();
    expect(atVendor).toMatchObject({ model: MODEL, bytes: PNG.length });
    expect(atVendor?.name).toMatch(/\/kettle\.png$/);
    expect(lastSent(stack)?.body).toBe(` ${JSON.stringify(edit(atVendor?.name ?? ''))}`);
    expect(lastSent(stack)?.headers).toMatchObject(RESOLVE);
  });

  it('that the vendor has lost is brought there again from our bytes, and the request goes on', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    await stack.generate(edit(name), RESOLVE);
    const code = 'InvalidParameter.DataInspection';
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'refuse', code } });
    const again = await stack.generate(edit(name), { ...RESOLVE, 'cache-control': 'no-cache' });
    expect(again.status).toBe(200);
    const [first, second] = stack.simulator.control.uploads();
    expect([upstreamUploads(stack), stack.asked]).toEqual([2, 3]);
    expect(second?.name).not.toBe(first?.name);
    expect(lastSent(stack)?.body).toContain(second?.name);
  });

  it('is brought to the vendor once for all requests of one model, and again for another', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    const words = (text: string, model = MODEL) => {
      const body = JSON.stringify(edit(name)).replace('copper', text).replace(MODEL, model);
      return stack.generate(body, RESOLVE);
    };
    const answers = await Promise.all(['gold', 'lead', 'tin'].map((text) => words(text)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(upstreamUploads(stack)).toBe(1);
    expect((await words('gold', 'qwen-image-edit')).status).toBe(200);
    expect([upstreamUploads(stack), stack.asked]).toEqual([2, 4]);
  });

  it.each([
    ['header', { 'x-dashscope-experiment': 'sepia' }, ''],
    ['number', {}, ',"seed":12345678901234567890'],
  ])('in a request that is not cached (%s) has the vendor’s name as well', async (detail, headers, more) => {
    const stack = await startStack();
    const body = JSON.stringify(edit(await uploaded(stack))).replace('"512*512"', `"512*512"${more}`);
    const answer = await stack.generate(body, { ...RESOLVE, ...headers });
    expect(answer.headers.get('cache-status')).toContain(`detail=${detail}`);
    const [atVendor] = stack.simulator.control.uploads();
    expect(lastSent(stack)?.body).toBe(body.replace(/oss:[^"]*/, atVendor?.name ?? 'nothing'));
  });

  it('that is no picture is taken, and the vendor says what it thinks of it', async () => {
    const stack = await startStack();
    const name = await uploaded(stack, { bytes: Buffer.from('words'), fileName: 'words.txt' });
    const answer = await stack.generate(edit(name), RESOLVE);
    expect([answer.status, answer.json.code]).toEqual([400, 'BadRequest.UnsupportedFileFormat']);
    expect(answer.headers.get('cache-status')).toContain('detail=reference');
    expect([upstreamUploads(stack), countEntries(stack)]).toEqual([1, 0]);
  });

  it('keeps its name over a restart, and its place at the vendor', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    await stack.stopServer();
    await stack.startServer();
    const miss = await stack.generate(edit(name), RESOLVE);
    await stack.stopServer();
    await stack.startServer();
    const again = await stack.generate(edit(name), { ...RESOLVE, 'cache-control': 'no-cache' });
    expect([miss, again].map(({ headers }) => headers.get('x-cache'))).toEqual(['MISS', 'BYPASS']);
    expect([upstreamUploads(stack), stack.asked]).toEqual([1, 2]);
  });

  it('is never served', async () => {
    const stack = await startStack();
    await uploaded(stack);
    const [digest] = filesIn(stack, 'references');
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    for (const path of [`/blobs/${digest}`, `/blobs/${digest}.png`, `/uploads/${digest}`, '/uploads']) {
      expect((await stack.request('GET', path)).status).toBe(404);
    }
  });

  it('of 25 megabytes goes through, here and to the vendor', async () => {
    const stack = await startStack();
    const bytes = new Uint8Array(25 * 1024 * 1024);
    bytes.set(PNG);
    const name = await uploaded(stack, { bytes });
    await stack.generate(edit(name), RESOLVE);
    expect(stack.simulator.control.counters()).toMatchObject({ uploads: 1, uploadBytes: bytes.length });
  });
});

describe('when the file cannot be brought to the vendor', () => {
  const attempts = (stack: Stack) => readRows(stack, 'select state from purchases');

  it('its refusal of the key is relayed byte for byte, cached or not', async () => {
    const stack = await startStack({ simulator: { apiKeys: ['sk-other'] } });
    const name = await uploaded(stack);
    const direct = await fetch(`${stack.simulator.origin}/api/v1/uploads?action=getPolicy&model=${MODEL}`, {
      headers: { authorization: `Bearer ${API_KEY}` },
    });
    const { request_id: _, ...said } = await direct.json();
    for (const headers of [RESOLVE, { ...RESOLVE, 'x-dashscope-experiment': 'sepia' }]) {
      const answer = await stack.generate(edit(name), headers);
      expect([answer.status, answer.json]).toEqual([401, expect.objectContaining(said)]);
      expect(answer.headers.has('content-type')).toBe(direct.headers.has('content-type'));
    }
    expect([stack.asked, attempts(stack)]).toEqual([0, []]);
  });

  it('it is tried again, and the request knows nothing of it', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    stack.simulator.control.fault({ on: 'policy', effect: { kind: 'refuse', status: 503, retryAfter: '0' } });
    stack.simulator.control.fault({ on: 'upload', effect: { kind: 'reset' } });
    const answer = await stack.generate(edit(name), RESOLVE);
    expect(answer.headers.get('x-cache')).toBe('MISS');
    expect([upstreamUploads(stack), stack.asked]).toEqual([1, 1]);
  });

  it('nothing is asked for and nothing is paid, and the next request tries again', async () => {
    const stack = await startStack({ env: { DASHCACHE_ATTEMPTS_5XX: '1' } });
    const name = await uploaded(stack);
    for (const [effect, status, code] of [
      [{ kind: 'refuse', status: 503 }, 502, 'UpstreamInvalid'],
      [{ kind: 'reset' }, 502, 'UpstreamUnreachable'],
    ] as const) {
      stack.simulator.control.fault({ on: 'upload', effect });
      const answer = await stack.generate(edit(name), RESOLVE);
      expect([answer.status, answer.json.code]).toEqual([status, code]);
    }
    expect([stack.asked, attempts(stack)]).toEqual([0, []]);
    expect((await stack.generate(edit(name), RESOLVE)).headers.get('x-cache')).toBe('MISS');
  });
});

describe('a sender that leaves', () => {
  it('leaves nothing behind', async () => {
    const stack = await startStack();
    await uploaded(stack, { bytes: png(9, 9) });
    const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
    const form = formBytes([
      { name: 'Signature', value: String(field(policy, 'signature')) },
      { name: 'policy', value: String(field(policy, 'policy')) },
      { name: 'key', value: `${String(field(policy, 'upload_dir'))}/left.png` },
      { name: 'x-oss-object-acl', value: 'private' },
      { name: 'x-oss-forbid-overwrite', value: 'true' },
      { name: 'file', value: new Uint8Array(1_000_000), filename: 'left.png' },
    ]);
    const stages = join(stack.folder, 'data', 'references', 'tmp');
    const outgoing = request(`${stack.origin}/uploads`, {
      method: 'POST',
      headers: { 'content-type': FORM_TYPE, 'content-length': String(form.length) },
    });
    outgoing.on('error', () => {});
    outgoing.write(form.subarray(0, 500_000));
    await untilFiles(stages, 1);
    outgoing.destroy();
    await untilFiles(stages, 0);
    expect(readRows(stack, 'select name from uploads')).toHaveLength(1);
    expect(filesIn(stack, 'references')).toHaveLength(1);
  });
});

describe('a name', () => {
  const refused = async (stack: Stack, name: string, headers: Readonly<Record<string, string>>) => {
    const asked = stack.simulator.control.recent().length;
    const { status, json } = await stack.generate(edit(name), headers);
    expect(stack.simulator.control.recent()).toHaveLength(asked);
    return [status, json.code];
  };

  it('needs the header that asks for names to be resolved', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    expect(await refused(stack, name, {})).toEqual([400, 'InvalidURL']);
  });

  it('is good for its uploader alone', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    const bob = { authorization: 'Bearer sk-of-bob' };
    expect(await refused(stack, name, { ...RESOLVE, ...bob })).toEqual([
      400,
      'InvalidParameter.DataInspection',
    ]);
  });

  it('in a folder of ours that nobody uploaded is nobody’s', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    expect(await refused(stack, `${name}x`, RESOLVE)).toEqual([400, 'InvalidParameter.DataInspection']);
  });

  it('dies after 48 hours, with its bytes, and is known to be ours for ever', async () => {
    const stack = await startStack();
    const name = await uploaded(stack);
    await stack.generate(edit(name), RESOLVE);
    await stack.stopServer();
    writeRows(stack, 'update uploads set expires_at = expires_at - 172800000');
    writeRows(stack, 'update upstream_uploads set expires_at = expires_at - 172800000');
    await stack.startServer();
    const expired = [400, 'InvalidParameter.DataInspection'];
    expect(await refused(stack, name, RESOLVE)).toEqual(expired);
    expect(filesIn(stack, 'references')).toHaveLength(1);
    await stack.server.services.uploadCollector.runOnce();
    expect(filesIn(stack, 'references')).toEqual([]);
    expect(readRows(stack, 'select name from uploads union all select url from upstream_uploads')).toEqual(
      [],
    );
    expect(await refused(stack, name, RESOLVE)).toEqual(expired);
  });

  it('in token mode must have been given out here', async () => {
    const stack = await startStack({
      env: {
        DASHCACHE_AUTH: 'token',
        DASHCACHE_TOKENS: 'alice:token-of-alice-000001,bob:token-of-bob-00000001',
        DASHSCOPE_API_KEY: API_KEY,
      },
    });
    const alice = { ...RESOLVE, authorization: 'Bearer token-of-alice-000001' };
    const bob = { ...RESOLVE, authorization: 'Bearer token-of-bob-00000001' };
    const atVendor = await uploadFile(stack.simulator.origin, { model: MODEL, bytes: PNG, key: API_KEY });
    expect(await refused(stack, atVendor.name, alice)).toEqual([400, 'InvalidParameter.DataInspection']);
    const name = await uploaded(stack, { key: 'token-of-alice-000001' });
    expect(await refused(stack, name, bob)).toEqual([400, 'InvalidParameter.DataInspection']);
    expect((await stack.generate(edit(name), alice)).headers.get('x-cache')).toBe('MISS');
    expect(JSON.stringify(stack.simulator.control.recent())).not.toContain('token-of-');
  });
});

describe('a policy', () => {
  it('has the vendor’s shape, with or without a slash, and nobody is asked', async () => {
    const stack = await startStack();
    for (const slash of ['', '/']) {
      const answer = await stack.request('GET', `/api/v1/uploads${slash}?action=getPolicy&model=${MODEL}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toContain('application/json');
      expect(shapeOf(answer.json)).toEqual(shapeOf(field(fixture('24'), 'response.body')));
      expect(answer.json.data).toMatchObject({
        upload_host: `${stack.origin}/uploads`,
        expire_in_seconds: 300,
        max_file_size_mb: 32,
        x_oss_object_acl: 'private',
        x_oss_forbid_overwrite: 'true',
      });
      expect(answer.json.data.upload_dir).toMatch(
        /^dashscope-instant\/[0-9a-f]{32}\/\d{4}-\d\d-\d\d\/[0-9a-f-]{36}$/,
      );
      expect(JSON.parse(atob(answer.json.data.policy)).conditions).toBeDefined();
    }
    expect(stack.simulator.control.recent()).toEqual([]);
  });

  it.each(['qwen-vl-max', 'wan2.5-i2v-preview', 'wan2.2-animate-move', 'wanx2.1-vace-plus'])(
    'for %s is the vendor’s own',
    async (model) => {
      const stack = await startStack();
      const policy = await fetchPolicy(stack.origin, model, API_KEY);
      expect(String(field(policy, 'upload_host'))).toContain(stack.simulator.origin);
    },
  );

  it('that is asked for in another way is the vendor’s to refuse', async () => {
    const stack = await startStack();
    for (const query of ['', '?action=getPolicy', `?model=${MODEL}`, `?action=other&model=${MODEL}`]) {
      const direct = await fetch(`${stack.simulator.origin}/api/v1/uploads${query}`, {
        headers: { authorization: `Bearer ${API_KEY}` },
      });
      const answer = await stack.request('GET', `/api/v1/uploads${query}`);
      expect([answer.status, answer.json.code]).toEqual([direct.status, (await direct.json()).code]);
    }
  });

  it('is for added models as well', async () => {
    const stack = await startStack({ env: { DASHCACHE_MODELS: 'my-own-model' } });
    const policy = await fetchPolicy(stack.origin, 'my-own-model', API_KEY);
    expect(field(policy, 'upload_host')).toBe(`${stack.origin}/uploads`);
  });

  it('is given in passthrough mode to keys that the vendor accepts', async () => {
    const stack = await startStack({
      env: { DASHCACHE_AUTH: 'passthrough', DASHCACHE_PUBLIC_URL: 'https://cache.example/at' },
      simulator: { apiKeys: ['sk-good'] },
    });
    const path = `/api/v1/uploads?action=getPolicy&model=${MODEL}`;
    const ask = (key: string) => stack.request('GET', path, { headers: { authorization: `Bearer ${key}` } });
    const refused = await ask('sk-bad');
    expect([refused.status, refused.json.code]).toEqual([401, 'InvalidApiKey']);
    expect((await ask('sk-good')).json.data.upload_host).toBe('https://cache.example/at/uploads');
    expect(stack.simulator.control.counters()).toMatchObject({ tasks: 2, other: 0 });
    expect((await fetch(stack.origin + path)).status).toBe(401);
  });
});

describe('a form is refused', () => {
  const nothingStored = (stack: Stack) => {
    expect(filesIn(stack, 'references')).toEqual([]);
    expect(readRows(stack, 'select name from uploads')).toEqual([]);
  };
  const policyOf = (stack: Stack) => fetchPolicy(stack.origin, MODEL, API_KEY);

  it('when its policy is forged, changed or not obeyed', async () => {
    const stack = await startStack();
    const policy = await policyOf(stack);
    const text = String(field(policy, 'policy'));
    const changed = btoa(atob(text).replace(MODEL, 'z-image-turbo'));
    const wrong: Readonly<Record<string, string>>[] = [
      { Signature: '0'.repeat(64) },
      { Signature: 'x' },
      { policy: changed },
      { policy: 'no base64' },
      { key: 'elsewhere/kettle.png' },
      { key: `${String(field(policy, 'upload_dir'))}x/kettle.png` },
      { 'x-oss-forbid-overwrite': 'false' },
      { 'x-oss-object-acl': 'public-read' },
    ];
    for (const changes of wrong) {
      const { response } = await postFile(policy, { model: MODEL, bytes: PNG, changes });
      expect([changes, await refusal(response)]).toEqual([changes, [403, 'AccessDenied']]);
    }
    nothingStored(stack);
  });

  it('when its name is taken', async () => {
    const stack = await startStack();
    const policy = await policyOf(stack);
    const first = await postFile(policy, { model: MODEL, bytes: PNG });
    const again = await postFile(policy, { model: MODEL, bytes: png(9, 9) });
    expect(await refusal(again.response)).toEqual([409, 'FileAlreadyExists']);
    expect(filesIn(stack, 'references')).toHaveLength(1);
    expect((await stack.generate(edit(first.name), RESOLVE)).status).toBe(200);
  });

  it('when its file is too large, or the sum of all is', async () => {
    const stack = await startStack({
      env: { DASHCACHE_MAX_IMAGE: '64KiB', DASHCACHE_MAX_UPLOADS: '100KiB' },
    });
    const large = await upload(stack, { bytes: new Uint8Array(64 * 1024 + 1) });
    expect(await refusal(large.response)).toEqual([400, 'EntityTooLarge']);
    nothingStored(stack);
    const fits = new Uint8Array(60 * 1024);
    await uploaded(stack, { bytes: fits });
    const full = await upload(stack, { bytes: new Uint8Array(60 * 1024).fill(1) });
    expect(await refusal(full.response)).toEqual([507, 'QuotaExceeded']);
    expect(filesIn(stack, 'references')).toHaveLength(1);
    await stack.stopServer();
    writeRows(stack, 'update uploads set expires_at = 1');
    await stack.startServer();
    await uploaded(stack, { bytes: new Uint8Array(60 * 1024).fill(1) });
    expect(filesIn(stack, 'references')).toHaveLength(1);
  });

  it('when it is no form, or one without a file', async () => {
    const stack = await startStack();
    const multipart = 'multipart/form-data; boundary=b0';
    const part = (name: string, more = '') =>
      `--b0\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\nx`;
    const cases: [string, string, string][] = [
      ['application/json', '{}', 'MalformedPOSTRequest'],
      ['multipart/form-data', 'x', 'MalformedPOSTRequest'],
      [multipart, '', 'MalformedPOSTRequest'],
      [multipart, 'no boundary at all', 'MalformedPOSTRequest'],
      [multipart, part('key'), 'MalformedPOSTRequest'],
      [multipart, `${part('key')}\r\n--b0--\r\n`, 'InvalidArgument'],
      [multipart, `${part('file', '; filename="a.png"')}\r\n--b0--\r\n`, 'InvalidArgument'],
      [multipart, `${`${part('a')}\r\n`.repeat(100)}--b0--\r\n`, 'MalformedPOSTRequest'],
      [multipart, `${part('a')}${'y'.repeat(70_000)}\r\n--b0--\r\n`, 'MalformedPOSTRequest'],
    ];
    for (const [type, body, code] of cases) {
      const response = await fetch(`${stack.origin}/uploads`, {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      expect([body.slice(0, 100), await refusal(response)]).toEqual([body.slice(0, 100), [400, code]]);
    }
    nothingStored(stack);
  });

  it('when it comes for another host, in local mode', async () => {
    const stack = await startStack();
    const headers = { host: 'evil.example', 'content-type': 'multipart/form-data; boundary=b0' };
    expect((await requestRaw(stack.origin, { path: '/uploads', headers })).status).toBe(403);
  });
});

describe('success_action_status', () => {
  it.each([
    ['200', 200],
    ['201', 201],
    ['204', 204],
    ['nonsense', 204],
  ])('%s is answered with %i', async (success_action_status, status) => {
    const stack = await startStack();
    const { response, name } = await upload(stack, { changes: { success_action_status } });
    expect(response.status).toBe(status);
    const text = await response.text();
    if (status === 201) expect(text).toContain(`<Key>${name.slice('oss://'.length)}</Key>`);
    else expect(text).toBe('');
  });
});
