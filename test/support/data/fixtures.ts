import { readdirSync, readFileSync } from 'node:fs';
import { field } from '../../simulator/support.ts';
import { startServer } from '../servers/http-server.ts';

const folder = new URL('../../fixtures/dashscope/', import.meta.url);
const fixtures = new Map<string, unknown>(
  readdirSync(folder).map((name) => [
    name.slice(0, 2),
    JSON.parse(readFileSync(new URL(name, folder), 'utf8')),
  ]),
);

/** The fixture with this number. */
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

/** Names of a header object, in lower case. */
export function headerNames(value: unknown): string[] {
  return Object.keys(typeof value === 'object' && value !== null ? value : {}).map((name) =>
    name.toLowerCase(),
  );
}

/** The text at a dotted path. */
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

/** Where the fixtures' reference picture is served until the test ends. */
export async function serveReference(bytes: Uint8Array): Promise<string> {
  const { origin } = await startServer((_, outgoing) => outgoing.end(bytes));
  return `${origin}/armchair.png`;
}
