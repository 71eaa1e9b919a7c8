import { isJsonObject, type JsonObject } from '../json/json-value.ts';

/** A part of a request that is not in its recipe, because it cannot change a pixel. */
export interface Exclusion {
  readonly part: 'parameter' | 'header';
  readonly name: string;
  readonly reason: string;
}

/**
 * Everything that stays out of the cache key, each with its reason. A field of the body that is not listed here is in,
 * known or not: a needless miss costs one picture, a wrong hit costs trust. Of the headers only
 * `X-DashScope-DataInspection` is in; listed are those that a reader might expect to be. A request with another of the
 * vendor's headers is not cached, since nobody knows what that does to the picture.
 */
export const EXCLUSIONS: readonly Exclusion[] = [
  {
    part: 'parameter',
    name: 'stream',
    reason: 'Transport: the same picture, in one answer or in several events.',
  },
  { part: 'parameter', name: 'incremental_output', reason: 'Transport: how a stream repeats its text.' },
  { part: 'parameter', name: 'is_async', reason: "The Python SDK's own flag; the server ignores it." },
  { part: 'parameter', name: 'result_format', reason: 'The envelope of the answer, not its picture.' },
  { part: 'parameter', name: 'response_format', reason: 'URL or base64 of the same bytes.' },
  {
    part: 'header',
    name: 'Authorization',
    reason: 'Who pays. It decides the scope, which is part of every lookup.',
  },
  { part: 'header', name: 'User-Agent', reason: 'Which SDK asks.' },
  { part: 'header', name: 'X-DashScope-Async', reason: 'Transport: a task or an answer.' },
  { part: 'header', name: 'X-DashScope-SSE', reason: 'Transport: a stream or an answer.' },
  {
    part: 'header',
    name: 'X-DashScope-OssResourceResolve',
    reason: 'Lets oss:// names be read; the name is in the key.',
  },
  { part: 'header', name: 'X-DashScope-WorkSpace', reason: 'Whose budget is charged.' },
  { part: 'header', name: 'X-DashScope-Source-Config', reason: 'Telemetry of a client.' },
  { part: 'header', name: 'X-Dashcache-Take', reason: 'Chooses among the entries of one recipe.' },
];

/** Names in `parameters` that are left out. */
export const EXCLUDED_PARAMETERS: ReadonlySet<string> = new Set(
  EXCLUSIONS.filter((exclusion) => exclusion.part === 'parameter').map((exclusion) => exclusion.name),
);

/** A part of one request that was left out of its recipe. */
export interface ExcludedField {
  readonly field: string;
  readonly reason: string;
}

/** What of a body in the vendor's shape is left out of its recipe. */
export function excludedParameters({ parameters }: JsonObject): readonly ExcludedField[] {
  const given = isJsonObject(parameters) ? parameters : {};
  return EXCLUSIONS.flatMap(({ part, name, reason }) =>
    part === 'parameter' && Object.hasOwn(given, name) ? [{ field: `parameters.${name}`, reason }] : [],
  );
}

/** Which of the headers that `has` knows are left out of a recipe. */
export function excludedHeaders(has: (name: string) => boolean): readonly ExcludedField[] {
  return EXCLUSIONS.flatMap(({ part, name, reason }) =>
    part === 'header' && has(name) ? [{ field: name, reason }] : [],
  );
}

/** The vendor's headers whose effect on the picture is known, in lower case. */
const KNOWN_HEADERS: ReadonlySet<string> = new Set([
  'x-dashscope-datainspection',
  ...EXCLUSIONS.filter(({ part }) => part === 'header').map(({ name }) => name.toLowerCase()),
]);

/** Whether a header, by its lower-case name, is the vendor's and of unknown effect. */
export function isUnknownHeader(name: string): boolean {
  return name.startsWith('x-dashscope-') && !KNOWN_HEADERS.has(name);
}
