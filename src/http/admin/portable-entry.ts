import { parseTemplate } from '../../core/dashscope/answer.ts';
import { invalid, readWhole } from '../../core/dialects/normalized-request.ts';
import { isDigest } from '../../core/entries/blob.ts';
import { type PortableEntry, writeAnswer } from '../../core/entries/portable-entry.ts';
import type { Cost } from '../../core/events.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-text.ts';
import { isScope, SCOPE_FORMS } from '../../core/principal.ts';
import { isCacheKey } from '../../core/recipe/cache-key.ts';
import type { RelatedEntry } from '../../services/inventory/lineage.ts';
import { isoTime } from './entry-body.ts';
import { optionalFlag, refuseOthers } from './read-object.ts';
import { readTags } from './read-tags.ts';

/** The fields of a carried entry. */
export const PORTABLE_NAMES = [
  'site',
  'scope',
  'key',
  'take',
  'canonical',
  'answer',
  'upstream_request_id',
  'cost',
  'elapsed_ms',
  'created_at',
  'pinned',
  'tags',
  'references',
  'images',
] as const;

/** Sites as they are stored: printable ASCII without spaces. */
const NAME = /^[\x21-\x7e]{1,200}$/;
/** Far above what is honest, and low enough that numbers counted up from them, and sums of them, stay exact. */
const MAX_TAKE = 1_000_000;
const MAX_AMOUNT = 1e9;
const MAX_ELAPSED_MS = 7 * 24 * 60 * 60 * 1000;
/** Pictures and references each; whoever looks at the entry has a question asked for every one. */
const MAX_LISTED = 100;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;

/** An entry as it travels to another store. */
export function portableBody({ entry, references }: RelatedEntry): JsonObject {
  const { site, scope, key, take, canonical, upstreamRequestId, cost, elapsedMs, images } = entry;
  return {
    site,
    scope,
    key,
    take,
    canonical,
    answer: writeAnswer(parseTemplate(entry.answer), upstreamRequestId),
    upstream_request_id: upstreamRequestId ?? null,
    cost: cost === undefined ? null : { amount: cost.amount, currency: cost.currency },
    elapsed_ms: elapsedMs ?? null,
    created_at: isoTime(entry.createdAt),
    pinned: entry.pinned,
    tags: entry.tags,
    references: references.map(({ field, digest }) => ({ field, sha256: digest })),
    images: images.map(({ digest }) => ({ sha256: digest })),
  };
}

/** Reads a carried entry; `invalid_request` names the field at fault. */
export function readPortable(body: JsonObject): PortableEntry {
  const key = readText(body, 'key');
  if (!isCacheKey(key)) throw invalid('key', 'is no cache key');
  return {
    site: readName(body, 'site'),
    scope: readScope(body),
    key,
    take: readTake(body),
    canonical: readText(body, 'canonical'),
    answer: readText(body, 'answer'),
    upstreamRequestId: optionalText(body, 'upstream_request_id'),
    cost: readCost(body.cost),
    elapsedMs: readElapsed(body),
    createdAt: readTime(readText(body, 'created_at')),
    pinned: optionalFlag(body, 'pinned') ?? false,
    tags: body.tags === undefined ? [] : readTags(body.tags),
    references: objectsOf(body, 'references', ['field', 'sha256']).map((reference, index) => ({
      field: readText(reference, 'field', `references[${index}].`),
      digest: readDigest(reference, `references[${index}].`),
    })),
    images: objectsOf(body, 'images', ['sha256']).map((image, index) => ({
      digest: readDigest(image, `images[${index}].`),
    })),
  };
}

function readTake(body: JsonObject): number {
  const take = readWhole(body, 'take') ?? 1;
  if (take <= MAX_TAKE) return take;
  throw invalid('take', `must be ${MAX_TAKE} at most`);
}

function readCost(value: JsonValue | undefined): Cost | undefined {
  if (value === undefined || value === null) return undefined;
  const { amount, currency } = isJsonObject(value) ? value : {};
  const isAmount = typeof amount === 'number' && amount >= 0 && amount <= MAX_AMOUNT;
  if (isAmount && (currency === 'CNY' || currency === 'USD')) return { amount, currency };
  throw invalid('cost', `must be null, or an amount from 0 to ${MAX_AMOUNT} with the currency CNY or USD`);
}

function readTime(text: string): number {
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time) && time >= 0) return time;
  throw invalid('created_at', 'must be a time such as 2026-01-31T12:00:00.000Z');
}

function readName(value: JsonObject, name: string): string {
  const text = readText(value, name);
  if (NAME.test(text)) return text;
  throw invalid(name, 'must be printable ASCII without spaces');
}

/** Nobody has another scope, so the entry would answer nobody. */
function readScope(value: JsonObject): string {
  const scope = readText(value, 'scope');
  if (isScope(scope)) return scope;
  throw invalid('scope', `must be ${SCOPE_FORMS}`);
}

function readDigest(value: JsonObject, path: string): string {
  const digest = readText(value, 'sha256', path);
  if (isDigest(digest)) return digest;
  throw invalid(`${path}sha256`, 'must be 64 lower-case hex digits');
}

function readText(value: JsonObject, name: string, path = ''): string {
  const text = optionalText(value, name, path);
  if (text !== undefined && text !== '') return text;
  throw invalid(`${path}${name}`, 'is missing');
}

function optionalText(value: JsonObject, name: string, path = ''): string | undefined {
  const text = value[name] ?? undefined;
  if (text === undefined || typeof text === 'string') return text;
  throw invalid(`${path}${name}`, 'must be a text');
}

function readElapsed({ elapsed_ms = null }: JsonObject): number | undefined {
  if (elapsed_ms === null) return undefined;
  const isWhole = typeof elapsed_ms === 'number' && Number.isInteger(elapsed_ms);
  if (isWhole && elapsed_ms >= 0 && elapsed_ms <= MAX_ELAPSED_MS) return elapsed_ms;
  throw invalid('elapsed_ms', `must be a whole number from 0 to ${MAX_ELAPSED_MS}`);
}

function objectsOf(body: JsonObject, name: string, fields: readonly string[]): readonly JsonObject[] {
  const list = body[name] ?? [];
  if (!isJsonArray(list)) throw invalid(name, 'must be a list');
  if (list.length > MAX_LISTED) throw invalid(name, `may have ${MAX_LISTED} of them`);
  return list.map((item, index) => {
    if (!isJsonObject(item)) throw invalid(`${name}[${index}]`, 'must be an object');
    refuseOthers(item, fields, `${name}[${index}].`);
    return item;
  });
}
