import { isJsonObject, type JsonValue } from '../../core/json/json-value.ts';
import { Failure } from '../failure.ts';

/** What a server's error says, in whichever dialect: problem+json, DashScope's or OpenAI's. */
export interface ErrorBody {
  readonly code: string | undefined;
  readonly message: string;
  readonly requestId: string | undefined;
  /** The field of the request that is wrong, if it is one. */
  readonly field: string | undefined;
}

/** Reads an error's body; undefined when dashcache did not write it. */
export function readErrorBody(text: string): ErrorBody | undefined {
  const body = parse(text);
  if (!isJsonObject(body)) return undefined;
  const error = isJsonObject(body.error) ? body.error : body;
  const message = error.detail ?? error.message;
  if (typeof message !== 'string') return undefined;
  return {
    message,
    code: textOf(error.code),
    requestId: textOf(body.request_id),
    field: textOf(body.field),
  };
}

/** One line for people. */
export function describeRefusal(status: number, text: string, origin: string): string {
  const refusal = readErrorBody(text);
  if (refusal === undefined) return `${origin} answered ${status}, and not as a dashcache does.`;
  const { code, message, requestId } = refusal;
  const facts = [code, requestId === undefined ? undefined : `request ${requestId}`].filter(
    (fact) => fact !== undefined,
  );
  return facts.length === 0 ? message : `${message} (${facts.join(', ')})`;
}

/** Whether an error is about this request alone. Any other error would meet every request. */
export function isAboutRequest(status: number): boolean {
  return status >= 400 && status < 500 && ![401, 403, 404, 405, 429].includes(status);
}

/** Turns a server's error into a command's failure. */
export function refused(status: number, text: string, origin: string): Failure {
  return new Failure(describeRefusal(status, text, origin));
}

function parse(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    // Not even JSON: dashcache did not write it.
    return undefined;
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
