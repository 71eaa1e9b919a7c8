import { EXCLUSIONS, type ExcludedField } from './exclusions.ts';
import { isJsonObject, type JsonValue } from './json-text.ts';
import { type NormalizedRequest, readNormalized } from './normalized-request.ts';
import { generateReferenceField } from './own-words.ts';

/** The words in which a request for pictures is said. */
export type Dialect = 'dashscope' | 'image.generate';

/** A request body of any dialect. */
export interface AnyRequest {
  readonly dialect: Dialect;
  /** Where the words are not the vendor's. */
  readonly translation: Translation | undefined;
  readonly take: number | undefined;
  /** What is no part of the picture, beyond what the vendor's words leave out. */
  readonly excluded: readonly ExcludedField[];
}

/** A request of our own dialects, in the words that they share. */
export interface Translation {
  readonly wish: NormalizedRequest;
  /** What the dialect calls a reference image, by its place. */
  readonly referenceField: (index: number) => string;
}

/** Tells the dialect of a body by its shape, and reads it as that dialect's front door does, with the same errors. */
export function readAnyRequest(value: JsonValue): AnyRequest {
  if (!isJsonObject(value) || value.input !== undefined || value.prompt === undefined) {
    return { dialect: 'dashscope', translation: undefined, take: undefined, excluded: [] };
  }
  const wish = readNormalized(value);
  return {
    dialect: 'image.generate',
    translation: {
      wish,
      referenceField: generateReferenceField(wish.references.length),
    },
    take: wish.take,
    excluded: wish.take === undefined ? [] : [{ field: 'take', reason: TAKE_REASON }],
  };
}

const TAKE_REASON = EXCLUSIONS.find(({ name }) => name === 'X-Dashcache-Take')?.reason ?? '';
