import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { field } from '../../simulator/support.ts';
import { fetchPolicy, postFile } from '../../simulator/upload-support.ts';
import { edit } from '../../support/clients/assets.ts';
import { FORM_TYPE, formBytes } from '../../support/clients/forms.ts';
import { readRows } from '../../support/data/rows.ts';
import { png } from '../../support/data/sample-images.ts';
import { untilFiles } from '../../support/data/until-files.ts';
import { startStack } from '../../support/servers/proxy.ts';
import { API_KEY, type Stack } from '../../support/servers/stack.ts';
import { until } from '../../support/until.ts';

const RESOLVE = { 'x-dashscope-ossresourceresolve': 'enable' };
const MODEL = edit().model;
const PNG = png(40, 30);

function filesIn(stack: Stack): string[] {
  const path = join(stack.folder, 'data', 'references');
  if (!existsSync(path)) return [];
  const found = readdirSync(path, { recursive: true, withFileTypes: true });
  return found.filter((entry) => entry.isFile()).map(({ name }) => name);
}

/** Resolves when so many forms have been read, or given up, to their end: nothing of them changes any more. */
async function untilRead(stack: Stack, count: number): Promise<void> {
  const read = () =>
    stack.events.filter((event) => event.type === 'request' && event.method === 'POST').length;
  await until(
    async () => read(),
    (soFar) => soFar === count,
  );
  await untilFiles(join(stack.folder, 'data', 'references', 'tmp'), 0);
}

const names = (stack: Stack) => readRows(stack, 'select name from uploads');
const codeOf = (xml: string) => /<Code>(.*)<\/Code>/.exec(xml)?.[1];

/** The fields of a form under a policy, the file left out. */
function fieldsOf(policy: unknown, name = 'kettle.png') {
  return [
    { name: 'Signature', value: String(field(policy, 'signature')) },
    { name: 'policy', value: String(field(policy, 'policy')) },
    { name: 'key', value: `${String(field(policy, 'upload_dir'))}/${name}` },
    { name: 'x-oss-object-acl', value: 'private' },
    { name: 'x-oss-forbid-overwrite', value: 'true' },
  ];
}

const FILE = { name: 'file', value: PNG, filename: 'kettle.png' };

async function post(stack: Stack, form: Uint8Array): Promise<{ status: number; code: string | undefined }> {
  const response = await fetch(`${stack.origin}/uploads`, {
    method: 'POST',
    headers: { 'content-type': FORM_TYPE },
    body: Uint8Array.from(form),
  });
  return { status: response.status, code: codeOf(await response.text()) };
}

describe('a policy', () => {
  it('for a model with an endless name is the vendor’s to give: it would be kept with each file', async () => {
    const stack = await startStack();
    const model = `wan${'n'.repeat(8_000)}`;
    await stack.request('GET', `/api/v1/uploads?action=getPolicy&model=${model}`);
    expect(stack.simulator.control.counters().other).toBe(1);
  });

  it('and its form belong together: another’s signature, folder or scope is refused', async () => {
    const stack = await startStack();
    const mine = await fetchPolicy(stack.origin, MODEL, API_KEY);
    const theirs = await fetchPolicy(stack.origin, MODEL, 'sk-of-bob');
    const [signature, policy, key, ...rest] = fieldsOf(mine);
    const [otherSignature, otherPolicy, otherKey] = fieldsOf(theirs);
    for (const fields of [
      [otherSignature, policy, key],
      [signature, otherPolicy, key],
      [signature, policy, otherKey],
      // The last of two counts, in the check as in what follows from it.
      [signature, policy, key, otherKey],
      [signature, policy, key, otherPolicy],
    ]) {
      const parts = [...fields, ...rest, FILE].flatMap((part) => (part === undefined ? [] : [part]));
      expect(await post(stack, formBytes(parts))).toEqual({ status: 403, code: 'AccessDenied' });
    }
    expect([filesIn(stack), names(stack)]).toEqual([[], []]);
  });
});

describe('a form', () => {
  it('with its file first is refused, and nothing of it is kept', async () => {
    const stack = await startStack();
    const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
    expect(await post(stack, formBytes([FILE, ...fieldsOf(policy)]))).toEqual({
      status: 400,
      code: 'InvalidArgument',
    });
    expect([filesIn(stack), names(stack)]).toEqual([[], []]);
  });

  it('with two files has the first; the second is dropped', async () => {
    const stack = await startStack();
    const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
    const second = { ...FILE, value: png(9, 9) };
    expect(await post(stack, formBytes([...fieldsOf(policy), FILE, second]))).toMatchObject({ status: 204 });
    expect(filesIn(stack)).toHaveLength(1);
    expect(readRows(stack, 'select size from uploads')).toEqual([{ size: PNG.length }]);
  });

  it('with very long fields is refused before they add up', async () => {
    const stack = await startStack();
    const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
    const long = Array.from({ length: 40 }, (_, index) => ({ name: `f${index}`, value: 'x'.repeat(60_000) }));
    expect(await post(stack, formBytes([...long, ...fieldsOf(policy), FILE]))).toEqual({
      status: 400,
      code: 'MalformedPOSTRequest',
    });
    expect([filesIn(stack), names(stack)]).toEqual([[], []]);
  });

  it.each(['', '.', '..', 'deep/', 'deep/..', 'a\r\nb.png', 'a\u0000.png', 'x'.repeat(1000)])(
    'whose file is to be called %j is refused',
    async (name) => {
      const stack = await startStack();
      const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
      const key = `${String(field(policy, 'upload_dir'))}/${name}`;
      const { response } = await postFile(policy, { model: MODEL, bytes: PNG, changes: { key } });
      expect([response.status, codeOf(await response.text())]).toEqual([400, 'MalformedPOSTRequest']);
      expect([filesIn(stack), names(stack)]).toEqual([[], []]);
    },
  );

  it.each(['../../../../../etc/passwd', '..\\kettle.png', 'a"; name="key', '%2e%2e', '--b0--', '猫 🐈.png'])(
    'whose file is called %j is taken, and its bytes lie under their digest alone',
    async (fileName) => {
      const stack = await startStack();
      const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
      const key = `${String(field(policy, 'upload_dir'))}/${fileName}`;
      const { response } = await postFile(policy, { model: MODEL, bytes: PNG, changes: { key } });
      expect(response.status).toBe(200);
      expect(filesIn(stack)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
      const drawn = await stack.generate(edit(`oss://${key}`), RESOLVE);
      expect(drawn.headers.get('x-cache')).toBe('MISS');
      const sent = stack.simulator.control.uploads().at(-1);
      expect(sent?.name).toMatch(/^oss:\/\/dashscope-instant\/[^/]+\/[^/]+\/[^/]+\/[^/]+$/);
    },
  );
});

/** A form on a raw connection, of which only this much comes; the other end has done with it when this resolves. */
async function sendPart(stack: Stack, form: Uint8Array, sent: number, declared: number): Promise<string> {
  const { hostname, port, host } = new URL(stack.origin);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  const closed = once(socket, 'close');
  const head = [
    'POST /uploads HTTP/1.1',
    `Host: ${host}`,
    'Connection: close',
    `Content-Type: ${FORM_TYPE}`,
    `Content-Length: ${declared}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  const bytes = form.subarray(0, sent);
  // Node gives up a request whose connection is half closed, answered or not.
  if (sent < declared) socket.end(bytes);
  else socket.write(bytes);
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

describe('a sender', () => {
  it('whose Content-Length ends within the file has its form refused as cut off', async () => {
    const stack = await startStack();
    const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
    const form = formBytes([...fieldsOf(policy), { ...FILE, value: 'word'.repeat(100) }]);
    const length = form.length - 200;
    const answer = await sendPart(stack, form, length, length);
    expect([answer.slice(0, 13), codeOf(answer)]).toEqual(['HTTP/1.1 400 ', 'MalformedPOSTRequest']);
    await sendPart(stack, form, form.length, length);
    await untilRead(stack, 2);
    expect([filesIn(stack), names(stack)]).toEqual([[], []]);
  });

  it('that hangs up at any byte leaves nothing behind, in no counter either', async () => {
    const stack = await startStack({ env: { DASHCACHE_MAX_UPLOADS: '10KiB' } });
    const policy = await fetchPolicy(stack.origin, MODEL, API_KEY);
    const form = formBytes([...fieldsOf(policy), { ...FILE, value: 'x'.repeat(6_000) }]);
    for (let part = 0; part < 40; part += 1) {
      await sendPart(stack, form, Math.floor((form.length * part) / 40), form.length);
    }
    await untilRead(stack, 40);
    expect([filesIn(stack), names(stack)]).toEqual([[], []]);
    // There is room for one such file only: nothing of the forty counts any more.
    expect(await post(stack, form)).toMatchObject({ status: 204 });
    expect([filesIn(stack).length, names(stack).length]).toEqual([1, 1]);
  });
});
