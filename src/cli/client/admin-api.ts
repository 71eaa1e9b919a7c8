import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { describeRefusal, readErrorBody } from './error-body.ts';
import type { HttpAnswer, ServerClient } from './server-client.ts';

/** Parameters of a query, or fields of a filter. */
export type Parameters = Readonly<Record<string, string>>;

/** Reads from a server's admin API; the path's answers are `T`. */
export async function getAdmin<T>(client: ServerClient, path: string, query: Parameters = {}): Promise<T> {
  const text = new URLSearchParams(query).toString();
  return parse(await client.getAsAdmin(`/admin/api/${path}${text === '' ? '' : `?${text}`}`), client.origin);
}

/** Asks a server's admin API to do something; the path's answers are `T`. */
export async function postAdmin<T>(client: ServerClient, path: string, body: object): Promise<T> {
  return parse(await client.postAsAdmin(`/admin/api/${path}`, JSON.stringify(body)), client.origin);
}

function parse({ status, text }: Pick<HttpAnswer, 'status' | 'text'>, origin: string) {
  if (status !== 200) throw failureOf(status, text, origin);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Failure(`${origin} answered, but not as a dashcache does.`, undefined, { cause });
  }
}

/** Turns an error into a failure that names the command's option instead of the parameter. */
export function failureOf(status: number, text: string, origin: string): Failure {
  const message = describeRefusal(status, text, origin);
  const field = readErrorBody(text)?.field;
  if (status === 401) return new Failure(`${message}; commands find it in DASHCACHE_ADMIN_TOKEN`);
  if (status !== 400 || field === undefined) return new Failure(message);
  const option = optionOf(field);
  const told = message.replace(`The parameter ${field}`, option).replaceAll(`${field}=`, `${option}=`);
  return new Failure(told.includes(option) ? told : `${option}: ${told}`, EXIT.usage);
}

/** The option that gives a parameter on the command line. */
export function optionOf(parameter: string): string {
  return parameter === 'q' ? 'the words' : `--${parameter.replaceAll('_', '-')}`;
}
