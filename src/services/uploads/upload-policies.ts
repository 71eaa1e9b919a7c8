import { equalTexts } from '../../core/bytes/equal-texts.ts';
import { decodePolicy, encodePolicy, type UploadGrant } from '../../core/dashscope/upload-policy.ts';
import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Hasher } from '../../ports/hasher.ts';

/** What a client needs to upload files. */
export interface IssuedPolicy {
  /** Base64 of a JSON document. */
  readonly policy: string;
  readonly signature: string;
  readonly folder: string;
  readonly lifeSeconds: number;
  readonly maxBytes: number;
}

/** As the vendor's. */
const LIFE_MS = 300 * 1000;
const FOLDER = /^dashscope-instant\/([0-9a-f]{32})\/(\d{4}-\d\d-\d\d\/[0-9a-f-]{36})\//;

/** Collaborators of `UploadPolicies`. */
export interface UploadPoliciesDeps {
  readonly hasher: Pick<Hasher, 'hmac'>;
  readonly clock: Pick<Clock, 'now' | 'uuid'>;
}

/** Makes and checks upload policies. The server's secret signs them, so nothing of them is kept. */
export class UploadPolicies {
  readonly #deps: UploadPoliciesDeps;
  readonly #secret: Uint8Array;
  readonly #maxBytes: number;

  constructor(
    deps: UploadPoliciesDeps,
    options: {
      readonly secret: Uint8Array;
      /** Of one file. */
      readonly maxBytes: number;
    },
  ) {
    this.#deps = deps;
    this.#secret = options.secret;
    this.#maxBytes = options.maxBytes;
  }

  async issue(scope: string, model: string): Promise<IssuedPolicy> {
    const now = this.#deps.clock.now();
    const place = `${new Date(now).toISOString().slice(0, 10)}/${this.#deps.clock.uuid()}`;
    const folder = `dashscope-instant/${await this.#mark(place)}/${place}`;
    const maxBytes = this.#maxBytes;
    const policy = encodePolicy({ scope, model, folder, expiresAt: now + LIFE_MS, maxBytes });
    return {
      policy,
      signature: await this.#sign(policy),
      folder,
      lifeSeconds: LIFE_MS / 1000,
      maxBytes,
    };
  }

  /** `forbidden` for a policy that is forged or has expired. */
  async check(policy: string, signature: string): Promise<UploadGrant> {
    const isOurs = equalTexts(signature, await this.#sign(policy));
    const grant = isOurs ? decodePolicy(policy) : undefined;
    if (grant === undefined) throw new AppError('forbidden', 'The policy was not signed by this server.');
    if (grant.expiresAt <= this.#deps.clock.now()) {
      throw new AppError('forbidden', 'Invalid according to Policy: Policy expired.');
    }
    return grant;
  }

  /** Whether an object key lies in a folder that this server made, whenever that was. */
  async isOurs(name: string): Promise<boolean> {
    const [, mark = '', place] = FOLDER.exec(name) ?? [];
    return place !== undefined && equalTexts(mark, await this.#mark(place));
  }

  /** A space in front keeps these texts apart from all credentials, which are hashed under the same secret. */
  async #sign(policy: string): Promise<string> {
    return await this.#deps.hasher.hmac(this.#secret, ` upload policy ${policy}`);
  }

  /** Stands where the vendor's folders name the account. */
  async #mark(place: string): Promise<string> {
    return (await this.#deps.hasher.hmac(this.#secret, ` upload folder ${place}`)).slice(0, 32);
  }
}
