import { isJsonObject, type JsonValue } from '../json/json-value.ts';

/** What the vendor says of a refusal, as far as it can be read: a gateway's page has neither. */
export function readErrorBody(body: Uint8Array): { readonly code?: string; readonly message?: string } {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder().decode(body));
    if (!isJsonObject(value)) return {};
    return {
      ...(typeof value.code === 'string' ? { code: value.code } : {}),
      ...(typeof value.message === 'string' ? { message: value.message } : {}),
    };
  } catch {
    return {};
  }
}
