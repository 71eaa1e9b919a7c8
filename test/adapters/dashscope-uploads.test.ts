import { describe, expect, it } from 'vitest';
import { DashScopeUploads } from '../../src/adapters/dashscope/uploads.ts';
import { readAll } from '../../src/core/bytes/read-all.ts';
import type { TransportRequest } from '../../src/ports/transport.ts';
import { field } from '../simulator/support.ts';
import { FORM_TYPE, formBytes } from '../support/clients/forms.ts';
import { fixture } from '../support/data/fixtures.ts';
import { response, ScriptedTransport } from '../support/fakes/scripted-transport.ts';

const POLICY = Object(field(fixture('24'), 'response.body'));
const BYTES = Buffer.from('the bytes of a picture');
const { signal } = new AbortController();

function start(policy: unknown = POLICY, stored = 200) {
  const forms: Buffer[] = [];
  const transport = new ScriptedTransport(async ({ method, body }: TransportRequest) => {
    if (method === 'GET') return response(200, JSON.stringify(policy));
    if (body !== undefined)
      forms.push(Buffer.from(await readAll(body instanceof Uint8Array ? [body] : body)));
    return response(stored);
  });
  const uploads = new DashScopeUploads(transport, {
    origin: 'https://vendor.example',
    prefix: '/base',
    loopHeaders: [['cdn-loop', 'me']],
    newBoundary: () => 'b0',
  });
  return { transport, uploads, forms };
}

async function* content() {
  yield BYTES.subarray(0, 5);
  yield BYTES.subarray(5);
}

const file = (name = 'kettle.png') => ({
  model: 'qwen image&edit',
  name,
  mediaType: 'image/png',
  size: BYTES.length,
  content: content(),
});

describe('an upload to the vendor', () => {
  it('is a policy and a form, as the Python SDK makes them', async () => {
    const { transport, uploads, forms } = start();
    const { data } = POLICY;
    const key = `${data.upload_dir}/kettle.png`;
    expect(await uploads.upload(file(), 'sk-alice', signal)).toEqual({ kind: 'stored', url: `oss://${key}` });
    const [policy, form] = transport.requests;
    expect(policy).toMatchObject({
      origin: 'https://vendor.example',
      path: '/base/api/v1/uploads?action=getPolicy&model=qwen+image%26edit',
    });
    expect(policy?.headers).toContainEqual(['authorization', 'Bearer sk-alice']);
    expect(form).toMatchObject({ method: 'POST', origin: data.upload_host, path: '/' });
    expect(form?.headers.map(([name]) => name)).not.toContain('authorization');
    expect(form?.headers).toContainEqual(['content-type', FORM_TYPE]);
    expect(form?.headers).toContainEqual(['content-length', String(forms[0]?.length)]);
    const expected = formBytes([
      { name: 'OSSAccessKeyId', value: data.oss_access_key_id },
      { name: 'Signature', value: data.signature },
      { name: 'policy', value: data.policy },
      { name: 'key', value: key },
      { name: 'x-oss-object-acl', value: 'private' },
      { name: 'x-oss-forbid-overwrite', value: 'true' },
      { name: 'success_action_status', value: '200' },
      { name: 'x-oss-content-type', value: 'image/png' },
      { name: 'file', value: BYTES, filename: 'kettle.png' },
    ]);
    expect(forms[0]?.toString()).toBe(Buffer.from(expected).toString());
    expect(transport.openBodies).toBe(0);
  });

  it('has the file’s own name, whatever it is', async () => {
    const { uploads, forms } = start();
    await uploads.upload(file('a"b猫.png'), 'sk-alice', signal);
    expect(forms[0]?.toString()).toContain('filename="a%22b猫.png"');
  });

  it.each([
    ['no object', []],
    ['no data', {}],
    ['no host', { data: { ...POLICY.data, upload_host: undefined } }],
    ['a relative host', { data: { ...POLICY.data, upload_host: '/uploads' } }],
    ['another scheme', { data: { ...POLICY.data, upload_host: 'ftp://host' } }],
    ['a number', { data: { ...POLICY.data, signature: 7 } }],
  ])('is not begun with a policy that cannot be read: %s', async (_, policy) => {
    const { transport, uploads } = start(policy);
    await expect(uploads.upload(file(), 'sk', signal)).rejects.toMatchObject({ code: 'upstream_invalid' });
    expect(transport.requests).toHaveLength(1);
  });

  it('that is not stored is none', async () => {
    const { uploads } = start(POLICY, 403);
    expect(await uploads.upload(file(), 'sk', signal)).toEqual({ kind: 'failed', status: 403 });
    await expect(start(POLICY, 204).uploads.upload(file(), 'sk', signal)).resolves.toMatchObject({
      kind: 'stored',
    });
  });
});
