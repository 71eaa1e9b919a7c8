import { MAX_TAKE } from '../cache/directives.ts';
import { AppError, invalid } from '../errors.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-text.ts';
import { canonicalSize } from '../recipe/recipe.ts';
import { isBase64DataUri, isOssUrl } from '../recipe/references.ts';

/** A wish in the words of `image.generate`, which the front doors of our own turn into a recipe. */
export interface NormalizedRequest {
  readonly model: string;
  readonly prompt: string;
  /** `W*H`, or a name such as `2K`; undefined leaves it to the model. */
  readonly size: string | undefined;
  readonly negativePrompt: string | undefined;
  readonly style: string | undefined;
  /** Undefined leaves it open. */
  readonly seed: number | undefined;
  /** URLs, data URIs and `oss://` names, in their order. */
  readonly references: readonly string[];
  /** How many pictures. Always sent: some models would draw four. */
  readonly n: number;
  /** Which of the recipe's stored takes is asked for. */
  readonly take: number | undefined;
  /** Further parameters under the vendor's own names; what is above wins. */
  readonly parameters: JsonObject;
}

/** What a request gets that names no model. */
export const DEFAULT_MODEL = 'qwen-image-max';

/** Every field that `image.generate` takes. */
export const NORMALIZED_FIELDS: readonly string[] = [
  'prompt',
  'size',
  'negative_prompt',
  'style',
  'seed',
  'reference_image',
  'model',
  'n',
  'take',
];

/** Those whose value is text, whatever it looks like in a form. */
export const TEXT_FIELDS: readonly string[] = ['prompt', 'size', 'negative_prompt', 'style', 'model'];

/** The vendor's bound. */
const MAX_SEED = 2 ** 31 - 1;

/**
 * Reads the body of `image.generate`. Null is absent, as SDKs send it. `invalid_request` or `reference_refused`, with the
 * field, for whatever is missing, malformed or not known.
 */
export function readNormalized(value: JsonValue): NormalizedRequest {
  if (!isJsonObject(value)) throw new AppError('invalid_request', 'The body must be a JSON object.');
  const unknown = Object.keys(value).find((name) => !NORMALIZED_FIELDS.includes(name));
  if (unknown !== undefined) {
    throw invalid(unknown, `is not known here; the fields are ${NORMALIZED_FIELDS.join(', ')}`);
  }
  return {
    model: readText(value, 'model') ?? DEFAULT_MODEL,
    prompt: readPrompt(value),
    size: readSize(readText(value, 'size')),
    negativePrompt: readText(value, 'negative_prompt'),
    style: readText(value, 'style'),
    seed: readSeed(value.seed),
    references: readReferences(value, 'reference_image'),
    n: readWhole(value, 'n') ?? 1,
    take: readTake(value),
    parameters: {},
  };
}

/** The same wish as a request body in the vendor's shape of messages, with the pictures before the text. */
export function toDashScope(request: NormalizedRequest): JsonObject {
  const { model, prompt, size, negativePrompt, style, seed, references, n } = request;
  const given = { size, negative_prompt: negativePrompt, style, seed, n };
  const named: [string, JsonValue][] = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value]],
  );
  return {
    model,
    parameters: { ...request.parameters, ...Object.fromEntries(named) },
    input: {
      messages: [{ role: 'user', content: [...references.map((image) => ({ image })), { text: prompt }] }],
    },
  };
}

/**
 * The wish with less in it, for when it drew nothing: its prompt's first sentence, without style and negative prompt.
 * Undefined when there is nothing to leave out.
 */
export function simplify(request: NormalizedRequest): NormalizedRequest | undefined {
  const prompt = firstSentence(request.prompt);
  const { negativePrompt, style } = request;
  if (prompt === request.prompt && negativePrompt === undefined && style === undefined) return undefined;
  return { ...request, prompt, negativePrompt: undefined, style: undefined };
}

/** `W*H` or `WxH` as the vendor spells it, or one of its names for a size. `invalid_request` for what is neither. */
export function readSize(size: string | undefined): string {
  if (size === undefined) throw invalid('size', 'is missing: it is needed as W*H, such as 1024*1024');
  const canonical = canonicalSize(size);
  if (/^[1-9]\d{0,4}\*[1-9]\d{0,4}$/.test(canonical) || /^[1-4]K$/.test(canonical)) return canonical;
  throw invalid('size', 'must be W*H in pixels, such as 1024*1024 or 768*1024');
}

/** A whole number of at least -1, which leaves the seed open like none. */
export function readSeed(value: JsonValue | undefined): number | undefined {
  if (value === undefined || value === null || value === -1) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_SEED) return value;
  throw invalid('seed', `must be a whole number from 0 to ${MAX_SEED}, or -1 for any`);
}

/** The words, which must be there. */
export function readPrompt(value: JsonObject): string {
  const prompt = readText(value, 'prompt');
  if (prompt !== undefined && prompt.trim() !== '') return prompt;
  throw invalid('prompt', 'is missing: it says what to draw');
}

/** Undefined for null and for the empty text, which say nothing. */
export function readText(value: JsonObject, name: string): string | undefined {
  const text = value[name] ?? undefined;
  if (text === undefined || text === '') return undefined;
  if (typeof text === 'string') return text;
  throw invalid(name, 'must be a string');
}

/** A whole number of at least 1; undefined for null. */
export function readWhole(value: JsonObject, name: string): number | undefined {
  const number = value[name] ?? undefined;
  if (number === undefined) return undefined;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number >= 1) return number;
  throw invalid(name, 'must be a whole number of at least 1');
}

/** The number of a take, with the header's bound: the takes after it are numbered from it. Undefined for null. */
export function readTake({ take = null }: JsonObject): number | undefined {
  if (take === null) return undefined;
  if (typeof take === 'number' && Number.isInteger(take) && take >= 1 && take <= MAX_TAKE) return take;
  throw invalid('take', `must be a whole number from 1 to ${MAX_TAKE}`);
}

/** One picture or a list of them, in the field of this name. */
export function readReferences(value: JsonObject, name: string): readonly string[] {
  const given = value[name] ?? undefined;
  if (given === undefined) return [];
  return isJsonArray(given)
    ? given.map((item, index) => readReference(item, `${name}[${index}]`))
    : [readReference(given, name)];
}

function readReference(value: JsonValue, field: string): string {
  if (typeof value !== 'string') throw invalid(field, 'must be a string');
  if (/^https?:\/\//i.test(value) || isBase64DataUri(value) || isOssUrl(value)) return value;
  const isBare = value.length >= 64 && /^[A-Za-z0-9+/_=\s-]+$/.test(value);
  const hint = isBare
    ? 'plain base64 needs its type in front, as in data:image/png;base64,…'
    : 'a reference image is an http(s) URL, a data:…;base64 URI or an oss:// name';
  throw new AppError('reference_refused', `${field}: ${hint}.`, { field });
}

/** Up to the first mark that ends a sentence: in Latin script only where a space follows (3.5 is a number). */
function firstSentence(text: string): string {
  const end = /[。！？\n]|[.!?](?=\s)/.exec(text.trim());
  const trimmed = text.trim();
  if (end === null) return text;
  const sentence = trimmed.slice(0, end.index + (end[0] === '\n' ? 0 : 1));
  return sentence.length === trimmed.length ? text : sentence;
}
