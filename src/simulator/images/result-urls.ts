import { utf8 } from '../util/bytes.ts';

/** A result URL's claim: which object, until when, under which signature. */
export interface SignedRequest {
  readonly method: string;
  readonly objectKey: string;
  /** Unix seconds, as written in the URL. */
  readonly expires: string;
}

/** Signs and checks result URLs as OSS does (signature version 1: HMAC-SHA1 over verb, expiry and resource). */
export class ResultUrls {
  readonly accessKeyId = 'LTAI5tSIMULATOR000000001';
  readonly #origin: () => string;
  readonly #key: Promise<CryptoKey>;

  constructor(origin: () => string, secret: string) {
    this.#origin = origin;
    this.#key = crypto.subtle.importKey('raw', utf8(secret), { name: 'HMAC', hash: 'SHA-1' }, false, [
      'sign',
    ]);
  }

  /** An absolute URL that GETs the object until `expiresAt` (epoch ms, rounded up to a second). */
  async sign(objectKey: string, expiresAt: number): Promise<string> {
    const expires = String(Math.ceil(expiresAt / 1000));
    const query = new URLSearchParams({
      Expires: expires,
      OSSAccessKeyId: this.accessKeyId,
      Signature: await this.signature({ method: 'GET', objectKey, expires }),
    });
    return `${this.#origin().replace(/\/$/, '')}/${objectKey}?${query}`;
  }

  /** Base64 of the signature that fits this request. */
  async signature(request: SignedRequest): Promise<string> {
    const mac = await crypto.subtle.sign('HMAC', await this.#key, utf8(stringToSign(request)));
    return btoa(String.fromCharCode(...new Uint8Array(mac)));
  }
}

/** What OSS signs: verb, two empty lines (Content-MD5, Content-Type), expiry, resource. */
export function stringToSign({ method, objectKey, expires }: SignedRequest): string {
  return `${method}\n\n\n${expires}\n/dashscope-result/${objectKey}`;
}
