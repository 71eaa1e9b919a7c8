import { AppError } from '../errors.ts';
import type { ParsedJson } from '../json/json-text.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { EXCLUSIONS, type ExcludedField } from '../recipe/exclusions.ts';
import { type ReferenceField, referenceFieldOf } from './error-fields.ts';
import { NORMALIZED_FIELDS, type NormalizedRequest, readNormalized } from './normalized-request.ts';
import { OPENAI_HINTS, readEdits, readGenerations } from './openai-request.ts';

/** The words in which a request for images is said. */
export type Dialect = 'dashscope' | 'image.generate' | 'openai';

/** A request body of any dialect. */
export interface AnyRequest {
  readonly dialect: Dialect;
  /** Where the words are not the vendor's. */
  readonly translation: Translation | undefined;
  /** What is no part of the image, beyond what the vendor's words leave out. */
  readonly excluded: readonly ExcludedField[];
}

/** A request of a dialect of our own, in the words that they share. */
export interface Translation {
  readonly wish: NormalizedRequest;
  readonly referenceField: ReferenceField;
}

const reasonFor = (name: string) => EXCLUSIONS.find((exclusion) => exclusion.name === name)?.reason ?? '';

/** The fields of our own dialects that are no part of the image. */
const EXCLUDED: ReadonlyMap<string, string> = new Map([
  ['take', reasonFor('X-Dashcache-Take')],
  ['response_format', reasonFor('response_format')],
  ['stream', reasonFor('stream')],
  ['user', 'Who asks, in the words of the client.'],
  ...Object.keys(OPENAI_HINTS).map((name) => [name, 'A wish that DashScope has no words for.'] as const),
]);

/** Fields that only OpenAI has. */
const OPENAI_ONLY: readonly string[] = [
  'image',
  'mask',
  'response_format',
  'stream',
  'user',
  ...Object.keys(OPENAI_HINTS),
];

/** Tells the dialect of a body by its shape, and reads it as that dialect's front door does, with the same errors. */
export function readAnyRequest({ value, exactNumbers }: ParsedJson): AnyRequest {
  if (!isJsonObject(value) || isGiven(value.input) || !isGiven(value.prompt)) {
    return { dialect: 'dashscope', translation: undefined, excluded: [] };
  }
  const excluded = [...EXCLUDED].flatMap(([field, reason]) =>
    isGiven(value[field]) ? [{ field, reason }] : [],
  );
  if (isImageGenerate(value)) {
    const wish = readNormalized(value);
    const referenceField = referenceFieldOf('reference_image', wish.references.length);
    return { dialect: 'image.generate', translation: { wish, referenceField }, excluded };
  }
  if (!exactNumbers) {
    throw new AppError('invalid_request', 'The body holds a number with more digits than can be kept.');
  }
  const { wish } = isGiven(value.image) ? readEdits(value) : readGenerations(value);
  const referenceField = referenceFieldOf('image', wish.references.length);
  return { dialect: 'openai', translation: { wish, referenceField }, excluded };
}

/** Where a body could be both, it means the same in both. */
function isImageGenerate(body: JsonObject): boolean {
  if (isGiven(body.reference_image)) return true;
  if (OPENAI_ONLY.some((name) => isGiven(body[name]))) return false;
  if (typeof body.size === 'string' && body.size.includes('*')) return true;
  return isGiven(body.size) && Object.keys(body).every((name) => NORMALIZED_FIELDS.includes(name));
}

function isGiven(value: JsonValue | undefined): boolean {
  return value !== undefined && value !== null;
}
