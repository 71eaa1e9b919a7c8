import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { field } from './support.ts';

const folder = new URL('../fixtures/dashscope/', import.meta.url);
const fixtures = new Map<string, unknown>(
  readdirSync(folder).map((name) => [
    name.slice(0, 2),
    JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
  ]),
);

/** One of the published exchanges, by its number. */
export function fixture(number: string): unknown {
  const found = fixtures.get(number);
  if (!found) throw new Error(`no fixture ${number}`);
  return found;
}

/** The same nesting, keys and types; a value's own content is not compared. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

export function headerNames(value: unknown): string[] {
  return Object.keys(typeof value === 'object' && value !== null ? value : {}).map((name) =>
    name.toLowerCase(),
  );
}

export function textAt(value: unknown, path: string): string {
  const found = field(value, path);
  if (typeof found !== 'string') throw new Error(`no text at ${path}`);
  return found;
}

/** Sends a fixture's request as it stands, its headers included, but for what `change` makes of body and path. */
export function replay(
  origin: string,
  number: string,
  change: (text: string) => string = (text) => text,
): Promise<Response> {
  const { Host: _, 'Content-Length': __, ...headers } = Object(field(fixture(number), 'request.headers'));
  const body = field(fixture(number), 'request.body');
  return fetch(`${origin}${change(textAt(fixture(number), 'request.path'))}`, {
    method: textAt(fixture(number), 'request.method'),
    headers: { ...headers, ...(number === '26' ? { Authorization: 'Bearer sk-invalid' } : {}) },
    ...(body ? { body: change(JSON.stringify(body)) } : {}),
  });
}

export async function expectLikeFixture(response: Response, number: string): Promise<unknown> {
  const expected = field(fixture(number), 'response');
  const body: unknown = await response.json();
  expect(response.status).toBe(field(expected, 'status'));
  expect(shapeOf(body)).toEqual(shapeOf(field(expected, 'body')));
  expect([...response.headers.keys()]).toEqual(
    expect.arrayContaining(headerNames(field(expected, 'headers'))),
  );
  expect(field(body, 'request_id')).toEqual(expect.any(String));
  if (field(expected, 'headers.x-request-id')) {
    expect(response.headers.get('x-request-id')).toBe(field(body, 'request_id'));
  }
  expect(response.headers.get('x-dashcache-simulator')).toBe('1');
  return body;
}
