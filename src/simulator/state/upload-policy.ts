import { utf8 } from '../util/bytes.ts';
import { isRecord, parseJson } from '../util/json.ts';
import type { OssError } from '../vendor/oss-answers.ts';

export const POLICY_LIFETIME_S = 300;
const BUCKET = 'dashscope-file-mgr';

/** The form fields that a policy is about; `file` is none of them. */
export type UploadFields = ReadonlyMap<string, string>;

/** What a valid policy allows. */
export interface AllowedUpload {
  readonly key: string;
  readonly maxBytes: number;
}

/** Makes and checks OSS form policies (PostObject, signature version 1: HMAC-SHA1 over the base64 of the policy). */
export class UploadPolicies {
  readonly accessKeyId = 'LTAI5tSIMULATOR000000002';
  readonly #key: Promise<CryptoKey>;

  constructor(secret: string) {
    this.#key = crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash: 'SHA-1' }, false, [
      'sign',
    ]);
  }

  /** A policy for files of at most `maxBytes` within `folder`, and its signature. */
  async issue(
    folder: string,
    maxBytes: number,
    now: number,
  ): Promise<{ readonly policy: string; readonly signature: string }> {
    const document = {
      expiration: new Date(now + POLICY_LIFETIME_S * 1000).toISOString(),
      conditions: [
        ['content-length-range', 0, maxBytes],
        ['starts-with', '$key', folder],
        { bucket: BUCKET },
        { 'x-oss-object-acl': 'private' },
        { 'x-oss-forbid-overwrite': 'true' },
      ],
    };
    const policy = btoa(JSON.stringify(document));
    return { policy, signature: await this.#sign(policy) };
  }

  /** What the fields allow, or what is wrong with them, in the order in which OSS looks. */
  async check(fields: UploadFields, now: number): Promise<AllowedUpload | OssError> {
    for (const name of ['key', 'policy', 'OSSAccessKeyId', 'Signature']) {
      if (!fields.get(name)) return invalidArgument(`The form field ${name} is required.`);
    }
    if (fields.get('OSSAccessKeyId') !== this.accessKeyId) {
      const message = 'The OSS Access Key Id you provided does not exist in our records.';
      return { status: 403, code: 'InvalidAccessKeyId', message };
    }
    const policy = fields.get('policy') ?? '';
    if ((await this.#sign(policy)) !== fields.get('Signature')) {
      const message =
        'The request signature we calculated does not match the signature you provided. Check your key and signing method.';
      return { status: 403, code: 'SignatureDoesNotMatch', message };
    }
    const document = parseJson(atob(policy));
    if (!isRecord(document) || !Array.isArray(document.conditions)) {
      return invalidArgument('The policy is no policy.');
    }
    if (Date.parse(String(document.expiration)) <= now) return denied('Policy expired.');
    return checkConditions(document.conditions, fields);
  }

  async #sign(policy: string): Promise<string> {
    const mac = await crypto.subtle.sign('HMAC', await this.#key, utf8(policy));
    return btoa(String.fromCharCode(...new Uint8Array(mac)));
  }
}

function checkConditions(conditions: readonly unknown[], fields: UploadFields): AllowedUpload | OssError {
  let maxBytes = 0;
  for (const condition of conditions) {
    if (Array.isArray(condition)) {
      const [operator, name, value] = condition;
      if (operator === 'content-length-range') maxBytes = Number(value);
      else if (!fields.get(String(name).slice(1))?.startsWith(String(value))) return failed(condition);
    } else {
      const [name = '', value] = Object.entries(Object(condition))[0] ?? [];
      // The bucket is that of the host, which no form field names.
      if (name !== 'bucket' && fields.get(name) !== value) return failed(condition);
    }
  }
  return { key: fields.get('key') ?? '', maxBytes };
}

function failed(condition: unknown): OssError {
  return denied(`Policy Condition failed: ${JSON.stringify(condition)}`);
}

function denied(reason: string): OssError {
  return { status: 403, code: 'AccessDenied', message: `Invalid according to Policy: ${reason}` };
}

function invalidArgument(message: string): OssError {
  return { status: 400, code: 'InvalidArgument', message };
}
