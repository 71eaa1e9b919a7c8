import { field } from '../../simulator/support.ts';
import { fieldOrders } from '../../simulator/upload-support.ts';
import { shapeOf } from '../data/fixtures.ts';
import { API_KEY, MULTIMODAL } from '../servers/stack.ts';
import { until } from '../until.ts';
import { itemsOf, readStrictly } from './streams.ts';

export const IMAGE_GENERATION = '/api/v1/services/aigc/image-generation/generation';
export const TEXT2IMAGE = '/api/v1/services/aigc/text2image/image-synthesis';
export const IMAGE2IMAGE = '/api/v1/services/aigc/image2image/image-synthesis';
export const ASYNC = { 'X-DashScope-Async': 'enable' } as const;
export const RESOLVE = { 'X-DashScope-OssResourceResolve': 'enable' } as const;

const PYTHON_AGENT =
  'dashscope/1.26.2; python/3.11.7; platform/Linux-6.1.0-x86_64-with-glibc2.36; processor/';
const JAVA_AGENT = 'dashscope/2.22.7; java/17.0.11; platform/Linux; processor/amd64';

/** How a client spells its calls. */
export interface Spelling {
  readonly agent: string;
  /** The agent of polls, cancels and lists, where it differs. */
  readonly pollAgent?: string;
  readonly accept: string;
  readonly acceptEncoding: string;
  readonly stringify: (value: unknown) => string;
  /** What follows a task's path. */
  readonly slash: '' | '/';
  /** Of a cancellation; absent where none is sent. */
  readonly cancelBody?: object;
  readonly streamHeaders: Readonly<Record<string, string>>;
  readonly uploadOrder: readonly string[];
  /** Of the file's part in a form. */
  readonly fileType: string;
}

const python: Spelling = {
  agent: `${PYTHON_AGENT}; incremental_to_full/0`,
  pollAgent: PYTHON_AGENT,
  accept: 'application/json; charset=utf-8',
  acceptEncoding: 'gzip, deflate',
  stringify: spellLikePython,
  slash: '',
  streamHeaders: { Accept: 'text/event-stream', 'X-Accel-Buffering': 'no', 'X-DashScope-SSE': 'enable' },
  uploadOrder: fieldOrders.python,
  fileType: '',
};

const asyncio: Spelling = {
  ...python,
  // Its poll tells the whole agent twice.
  pollAgent: `${PYTHON_AGENT}; ${PYTHON_AGENT}`,
  slash: '/',
  cancelBody: { model: '', parameters: {}, input: '' },
};

const java: Spelling = {
  ...python,
  agent: JAVA_AGENT,
  pollAgent: JAVA_AGENT,
  accept: 'application/json',
  acceptEncoding: 'gzip',
  stringify: JSON.stringify,
  streamHeaders: {
    Accept: 'text/event-stream',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
    'X-DashScope-SSE': 'enable',
  },
  fileType: 'image/png',
};

const qwencloud: Spelling = {
  ...python,
  agent: 'Python-urllib/3.11',
  pollAgent: 'Python-urllib/3.11',
  acceptEncoding: 'identity',
  uploadOrder: fieldOrders.qwencloud,
  fileType: 'image/png',
};

export const SPELLINGS = { python, asyncio, java, qwencloud } as const;

/** A JSON answer that the Python SDK would accept. */
export interface SdkAnswer {
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON answers of many shapes
  readonly json: any;
}

/** The calls of one SDK at wire level; answers are read as strictly as the strictest of them reads. */
export class Sdk {
  /** Shapes of the answers to posts, and of what waits ended with, in order. */
  readonly told: unknown[] = [];
  readonly #origin: string;
  readonly #spelling: Spelling;

  constructor(origin: string, spelling: Spelling) {
    this.#origin = origin;
    this.#spelling = spelling;
  }

  async post(path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<SdkAnswer> {
    const { agent } = this.#spelling;
    const answer = await parseStrictly(await this.#send('POST', path, { body, headers, agent }));
    this.told.push(shapeOf(answer.json));
    return answer;
  }

  /** Pictures of a stream, in order. */
  async stream(body: object): Promise<string[]> {
    const { agent, streamHeaders } = this.#spelling;
    const response = await this.#send('POST', MULTIMODAL, { body, headers: streamHeaders, agent });
    const type = response.headers.get('content-type') ?? '';
    if (response.status !== 200 || !type.startsWith('text/event-stream'))
      throw new Error(`no stream: status ${response.status}, ${type}: ${await response.text()}`);
    const events = readStrictly(await response.text());
    if (events.some(({ event }) => event === 'error')) throw new Error('the stream tells an error');
    for (const { data } of events) checkOutput(data);
    return itemsOf(events).flatMap(({ image }) => (image === undefined ? [] : [image]));
  }

  async fetchTask(id: string): Promise<SdkAnswer> {
    const answer = await parseStrictly(
      await this.#send('GET', `/api/v1/tasks/${id}${this.#spelling.slash}`, {}),
    );
    if (typeof field(answer.json, 'output.task_status') !== 'string') throw new Error('no task_status');
    return answer;
  }

  /** Polls until the task has ended. */
  async wait(id: string): Promise<SdkAnswer> {
    const answer = await until(
      () => this.fetchTask(id),
      ({ json }) => !['PENDING', 'RUNNING', 'SUSPENDED'].includes(json.output.task_status),
    );
    this.told.push(shapeOf(answer.json));
    return answer;
  }

  async cancel(id: string): Promise<Response> {
    const { slash, cancelBody } = this.#spelling;
    const path = `/api/v1/tasks/${id}/cancel${slash}`;
    return await this.#send('POST', path, cancelBody === undefined ? {} : { body: cancelBody });
  }

  async list(): Promise<Response> {
    return await this.#send('GET', '/api/v1/tasks?page_no=1&page_size=10', {});
  }

  /** Uploads a file as a call with a local path does; its name for the call to come. */
  async upload(model: string, bytes: Uint8Array, fileName: string): Promise<string> {
    const { pollAgent, uploadOrder, fileType } = this.#spelling;
    const answer = await this.#send('GET', `/api/v1/uploads?action=getPolicy&model=${model}`, {});
    if (answer.status !== 200) throw new Error(`no policy: status ${answer.status}`);
    const policy = field(await answer.json(), 'data');
    const text = (name: string) => String(field(policy, name));
    const key = `${text('upload_dir')}/${fileName}`;
    const values: Readonly<Record<string, string>> = {
      OSSAccessKeyId: text('oss_access_key_id'),
      Signature: text('signature'),
      policy: text('policy'),
      key,
      'x-oss-object-acl': text('x_oss_object_acl'),
      'x-oss-forbid-overwrite': text('x_oss_forbid_overwrite'),
      success_action_status: '200',
      'x-oss-content-type': 'image/png',
    };
    const form = new FormData();
    for (const name of uploadOrder) form.append(name, values[name] ?? '');
    form.append('file', new Blob([Uint8Array.from(bytes)], { type: fileType }), fileName);
    const posted = await fetch(text('upload_host'), {
      method: 'POST',
      headers: {
        'user-agent': pollAgent ?? '',
        Accept: 'application/json',
        Date: 'Mon, 21 Sep 2026 02:00:01 GMT',
      },
      body: form,
    });
    if (posted.status !== 200) throw new Error(`not uploaded: ${posted.status} ${await posted.text()}`);
    return `oss://${key}`;
  }

  #send(
    method: string,
    path: string,
    sent: {
      readonly body?: object;
      readonly headers?: Readonly<Record<string, string>>;
      readonly agent?: string;
    },
  ): Promise<Response> {
    const { pollAgent = '', accept, acceptEncoding, stringify } = this.#spelling;
    return fetch(this.#origin + path, {
      method,
      headers: {
        'user-agent': sent.agent ?? pollAgent,
        'Accept-Encoding': acceptEncoding,
        Accept: accept,
        Authorization: `Bearer ${API_KEY}`,
        ...(sent.body === undefined ? {} : { 'Content-Type': 'application/json; charset=utf-8' }),
        ...sent.headers,
      },
      ...(sent.body === undefined ? {} : { body: stringify(sent.body) }),
    });
  }
}

/** Status exactly 200, JSON by its content type, `output` an object, a role in every message; throws otherwise. */
export async function parseStrictly(response: Response): Promise<SdkAnswer> {
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  if (response.status !== 200 || !type.startsWith('application/json'))
    throw new Error(`not a success: status ${response.status}, ${type}: ${text}`);
  const json: unknown = JSON.parse(text);
  checkOutput(json);
  for (const name of ['code', 'message'])
    if (field(json, name) !== undefined) throw new Error(`a success with ${name}: ${text}`);
  return { headers: response.headers, json };
}

function checkOutput(json: unknown): void {
  const output = field(json, 'output');
  if (typeof output !== 'object' || output === null || Array.isArray(output))
    throw new Error(`output is no object: ${JSON.stringify(json)}`);
  if (typeof field(json, 'request_id') !== 'string') throw new Error('no request_id');
  const choices = field(output, 'choices') ?? [];
  if (!Array.isArray(choices)) throw new Error('choices are no list');
  for (const choice of choices)
    if (field(choice, 'message.role') !== 'assistant') throw new Error('a message without its role');
}

/** Python's json.dumps with ensure_ascii=False: a space behind every comma and colon. */
function spellLikePython(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spellLikePython).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, item]) => `${JSON.stringify(name)}: ${spellLikePython(item)}`,
  );
  return `{${members.join(', ')}}`;
}
