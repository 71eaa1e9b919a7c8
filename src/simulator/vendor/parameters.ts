import { isRecord, type JsonRecord } from '../util/json.ts';
import { invalidParameter, refusalFor } from './refusal.ts';

/** Checks the three top-level parts, in the order in which the vendor misses them; returns the model's id. */
export function checkParts(body: JsonRecord): string {
  if (typeof body.model !== 'string' || body.model === '') throw refusalFor('BadRequest.EmptyModel');
  if (!present(body.input)) throw refusalFor('BadRequest.EmptyInput');
  // The one API whose requests have none.
  if (!present(body.parameters) && body.model.startsWith('wanx-style-repaint')) return body.model;
  if (!present(body.parameters)) throw refusalFor('BadRequest.EmptyParameters');
  if (!isRecord(body.parameters)) throw invalidParameter('parameters must be an object');
  return body.model;
}

/** A whole number in [least, most]; undefined for none. */
export function readInteger(
  parameters: JsonRecord,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const value = parameters[name];
  if (!present(value)) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw invalidParameter(`${name} must be an integer in [${least}, ${most}]`);
  }
  return value;
}

/** A text; empty for none. */
export function readText(parameters: JsonRecord, name: string): string {
  const value = parameters[name];
  if (!present(value)) return '';
  if (typeof value !== 'string') throw invalidParameter(`${name} must be a string`);
  return value;
}

/** Nulls count as absent. */
export function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}
