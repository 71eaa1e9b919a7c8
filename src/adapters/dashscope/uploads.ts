import { AppError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Transport } from '../../ports/transport.ts';
import type { UploadAnswer, UploadFile, UploadUpstream } from '../../ports/upload-upstream.ts';
import { type DashScopeOptions, readAnswer } from './upstream.ts';

/** The vendor's permission to post one file. */
interface Policy {
  readonly host: URL;
  readonly folder: string;
  readonly accessKeyId: string;
  readonly signature: string;
  readonly policy: string;
  readonly acl: string;
  readonly forbidOverwrite: string;
}

/** Temporary uploads as the Python SDK makes them: a policy from the API, then a form to the host that it names. */
export class DashScopeUploads implements UploadUpstream {
  readonly #transport: Transport;
  readonly #options: DashScopeOptions & { readonly newBoundary: () => string };

  constructor(transport: Transport, options: DashScopeOptions & { readonly newBoundary: () => string }) {
    this.#transport = transport;
    this.#options = options;
  }

  async upload(file: UploadFile, apiKey: string, signal: AbortSignal): Promise<UploadAnswer> {
    const answer = await this.#getPolicy(file.model, apiKey, signal);
    if (answer.status !== 200) return { kind: 'refused', answer };
    const policy = readPolicy(answer);
    const key = `${policy.folder}/${file.name}`;
    const { status } = await this.#post(policy, key, file, signal);
    return status >= 200 && status < 300
      ? { kind: 'stored', url: `oss://${key}` }
      : { kind: 'failed', status };
  }

  async #getPolicy(model: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    const query = new URLSearchParams({ action: 'getPolicy', model });
    return await readAnswer(
      await this.#transport.send({
        method: 'GET',
        origin: this.#options.origin,
        path: `${this.#options.prefix}/api/v1/uploads?${query}`,
        headers: [
          ['authorization', `Bearer ${apiKey}`],
          ['accept', 'application/json'],
          ['accept-encoding', 'identity'],
          ...this.#options.loopHeaders,
        ],
        signal,
      }),
    );
  }

  async #post(policy: Policy, key: string, file: UploadFile, signal: AbortSignal): Promise<UpstreamAnswer> {
    const { host } = policy;
    const boundary = this.#options.newBoundary();
    const head = new TextEncoder().encode(formHead(policy, key, file, boundary));
    const tail = new TextEncoder().encode(`\r\n--${boundary}--\r\n`);
    return await readAnswer(
      await this.#transport.send({
        method: 'POST',
        origin: host.origin,
        path: host.pathname + host.search,
        headers: [
          ['accept', 'application/json'],
          ['accept-encoding', 'identity'],
          ['content-type', `multipart/form-data; boundary=${boundary}`],
          ['content-length', String(head.byteLength + file.size + tail.byteLength)],
          ...this.#options.loopHeaders,
        ],
        body: around(head, file.content, tail),
        signal,
        // A stream can't be sent again if a kept connection turns out to be closed.
        ownConnection: true,
      }),
    );
  }
}

/** Everything before the file's bytes, in the Python SDK's order. */
function formHead(policy: Policy, key: string, file: UploadFile, boundary: string): string {
  const fields = [
    ['name="OSSAccessKeyId"', policy.accessKeyId],
    ['name="Signature"', policy.signature],
    ['name="policy"', policy.policy],
    ['name="key"', key],
    ['name="x-oss-object-acl"', policy.acl],
    ['name="x-oss-forbid-overwrite"', policy.forbidOverwrite],
    ['name="success_action_status"', '200'],
    ['name="x-oss-content-type"', file.mediaType],
    [`name="file"; filename="${quoted(file.name)}"`, ''],
  ] as const;
  return fields
    .map(([names, value]) => `--${boundary}\r\nContent-Disposition: form-data; ${names}\r\n\r\n${value}`)
    .join('\r\n');
}

/** As browsers write it (HTML, multipart/form-data encoding). */
function quoted(name: string): string {
  return name.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

async function* around(
  head: Uint8Array,
  content: AsyncIterable<Uint8Array>,
  tail: Uint8Array,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head;
  yield* content;
  yield tail;
}

function readPolicy({ body }: UpstreamAnswer): Policy {
  const data = parse(new TextDecoder().decode(body))?.data;
  if (!isJsonObject(data)) throw unusable();
  const host = textIn(data, 'upload_host');
  if (!URL.canParse(host) || !/^https?:/i.test(host)) throw unusable();
  return {
    host: new URL(host),
    folder: textIn(data, 'upload_dir'),
    accessKeyId: textIn(data, 'oss_access_key_id'),
    signature: textIn(data, 'signature'),
    policy: textIn(data, 'policy'),
    acl: textIn(data, 'x_oss_object_acl'),
    forbidOverwrite: textIn(data, 'x_oss_forbid_overwrite'),
  };
}

function parse(text: string): JsonObject | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function textIn(data: JsonObject, name: string): string {
  const value = data[name];
  if (typeof value !== 'string' || value === '') throw unusable();
  return value;
}

function unusable(): AppError {
  return new AppError('upstream_invalid', "Upstream's upload policy cannot be read.");
}
