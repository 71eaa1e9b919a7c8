import { EXCLUSIONS, type ExcludedField } from './exclusions.ts';
import { isJsonObject, type JsonObject, type JsonValue } from './json-text.ts';
import { readNormalized, toDashScope } from './normalized-request.ts';

/** The words in which a request for pictures is said. */
export type Dialect = 'dashscope' | 'image.generate';

/** A request body of any dialect. */
export interface AnyRequest {
  readonly dialect: Dialect;
  /** The same request in the vendor's words; undefined when it is said in them already. */
  readonly translated: JsonObject | undefined;
  readonly take: number | undefined;
  /** What is no part of the picture, beyond what the vendor's words leave out. */
  readonly excluded: readonly ExcludedField[];
}

/** Tells the dialect of a body by its shape, and reads it as that dialect's front door does, with the same errors. */
export function readAnyRequest(value: JsonValue): AnyRequest {
  if (!isJsonObject(value) || value.input !== undefined || value.prompt === undefined) {
    return { dialect: 'dashscope', translated: undefined, take: undefined, excluded: [] };
  }
  const wish = readNormalized(value);
  return {
    dialect: 'image.generate',
    translated: toDashScope(wish),
    take: wish.take,
    excluded: wish.take === undefined ? [] : [{ field: 'take', reason: TAKE_REASON }],
  };
}

const TAKE_REASON = EXCLUSIONS.find(({ name }) => name === 'X-Dashcache-Take')?.reason ?? '';
