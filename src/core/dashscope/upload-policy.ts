import { decodeBase64, encodeBase64 } from '../bytes/base64.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../json/json-value.ts';

/** What a signed policy lets its holder do. */
export interface UploadGrant {
  /** Whose the files will be. */
  readonly scope: string;
  readonly model: string;
  /** Names begin with this and a slash. */
  readonly folder: string;
  /** Epoch milliseconds after which no upload may begin. */
  readonly expiresAt: number;
  /** Of one file. */
  readonly maxBytes: number;
}

/** What every policy demands of the form, beside its key: the vendor's own conditions. */
export const FIXED_FIELDS: Readonly<Record<string, string>> = {
  'x-oss-object-acl': 'private',
  'x-oss-forbid-overwrite': 'true',
};

/** The policy document of OSS's PostObject in base64. Scope and model are beside the conditions, so that they are signed. */
export function encodePolicy({ scope, model, folder, expiresAt, maxBytes }: UploadGrant): string {
  const document = {
    expiration: new Date(expiresAt).toISOString(),
    conditions: [
      ['content-length-range', 0, maxBytes],
      ['starts-with', '$key', folder],
      ...Object.entries(FIXED_FIELDS).map(([name, value]) => ({ [name]: value })),
    ],
    scope,
    model,
  };
  return encodeBase64(new TextEncoder().encode(JSON.stringify(document)));
}

/** What `encodePolicy` was given; undefined for anything that it has not made. */
export function decodePolicy(policy: string): UploadGrant | undefined {
  const bytes = decodeBase64(policy);
  const document = bytes === undefined ? undefined : parse(new TextDecoder().decode(bytes));
  if (!isJsonObject(document) || !isJsonArray(document.conditions)) return undefined;
  const { scope, model, expiration } = document;
  const [range, start] = document.conditions;
  const maxBytes = isJsonArray(range) ? range[2] : undefined;
  const folder = isJsonArray(start) ? start[2] : undefined;
  const expiresAt = typeof expiration === 'string' ? Date.parse(expiration) : Number.NaN;
  if (
    typeof scope !== 'string' ||
    typeof model !== 'string' ||
    typeof folder !== 'string' ||
    typeof maxBytes !== 'number' ||
    Number.isNaN(expiresAt)
  ) {
    return undefined;
  }
  return { scope, model, folder, expiresAt, maxBytes };
}

function parse(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
