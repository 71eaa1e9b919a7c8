import type { JsonObject } from '../../core/json/json-text.ts';
import { type FailureCases, problems, schema } from './parts.ts';

/** Who may call the admin interface. */
export const ADMIN_SECURITY: readonly JsonObject[] = [{}, { adminToken: [] }];

const COMMON_CASES: FailureCases = {
  401: 'The admin token is missing or wrong.',
  403: 'The admin interface is closed, or in `local` mode another web page asks.',
  429: 'Too many wrong tokens from this address, or too much at once.',
};

const BODY_CASES: FailureCases = {
  413: 'The body is larger than 64 KiB.',
  415: 'The body is not JSON.',
};

/** Failures of an operation without a body. */
export function adminProblems(cases: FailureCases): JsonObject {
  return problems({ ...COMMON_CASES, ...cases });
}

/** Failures of an operation with a JSON body. */
export function adminBodyProblems(cases: FailureCases): JsonObject {
  return adminProblems({ ...BODY_CASES, ...cases });
}

/** A parameter of the query. */
export function queryParameter(name: string, description: string, schema: JsonObject): JsonObject {
  return { name, in: 'query', description, schema };
}

/** How lists are turned over. */
export const PAGE_PARAMETERS: readonly JsonObject[] = [
  queryParameter('cursor', "The page before's `next_cursor`.", { type: 'string' }),
  queryParameter('limit', 'Rows on a page.', { type: 'integer', minimum: 1, maximum: 200, default: 50 }),
];

/** Server-Sent Events, in words. */
export function eventContent(description: string): JsonObject {
  return { 'text/event-stream': { schema: { type: 'string', description } } };
}

/** Which entries of a key are meant. */
export const KEY_PARAMETERS: readonly JsonObject[] = [
  { name: 'key', in: 'path', required: true, schema: schema('CacheKey') },
  queryParameter('scope', 'Whose entries; needed when several scopes hold the key.', {
    type: 'string',
  }),
  queryParameter('site', 'Which upstream drew them; needed when several did.', {
    type: 'string',
  }),
  queryParameter('take', 'Only this one of the entries.', { type: 'integer', minimum: 1 }),
];

/** What may be wrong with that. */
export const KEY_CASES: FailureCases = {
  400: 'Several scopes or sites hold the key, or a parameter or field is malformed or not known.',
  404: 'No such entry is stored.',
};
