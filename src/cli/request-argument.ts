import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { isJsonObject, type JsonObject, type JsonValue } from '../core/json/json-value.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** A request as it was given: its text, which is sent unchanged, and its parsed value. */
export interface GivenRequest {
  readonly text: string;
  readonly body: JsonObject;
}

/** A request from the command line: JSON, a file's path with or without `@`, or `-` for standard input. */
export async function readRequest(argument: string): Promise<GivenRequest> {
  if (/^\s*[{[]/.test(argument)) return parseRequest(argument, '--request');
  const path = argument.replace(/^@/, '');
  return parseRequest(await readText(path), path === '-' ? 'standard input' : path);
}

/** The text of a file, or of standard input where the path is `-`. */
export async function readText(path: string): Promise<string> {
  if (path === '-') return await text(process.stdin);
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`${path} cannot be read: ${reason}`, EXIT.usage, { cause });
  }
}

/** Errors name `where` the text is from. */
export function parseRequest(text: string, where: string): GivenRequest {
  let body: JsonValue;
  try {
    body = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`${where} is not JSON: ${reason}`, EXIT.usage, { cause });
  }
  if (!isJsonObject(body)) throw new Failure(`${where} is JSON, but not an object`, EXIT.usage);
  return { text, body };
}
