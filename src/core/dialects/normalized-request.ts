import * as v from 'valibot';
import { AppError } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { closed, means, read } from '../schema.ts';
import {
  modelField,
  Prompt,
  References,
  referencesOf,
  refuseWish,
  Size,
  WISH_FIELDS,
  wishOf,
} from './wish-fields.ts';

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
  /** How many images. Always sent: some models would draw four. */
  readonly n: number;
  /** Which of the recipe's stored takes is asked for. */
  readonly take: number | undefined;
  /** Further parameters under the vendor's own names; what is above wins. */
  readonly parameters: JsonObject;
}

/** What a request gets that names no model. */
export const DEFAULT_MODEL = 'qwen-image-max';

/** The body of `image.generate`. */
export const GenerateRequest = closed(
  {
    prompt: Prompt,
    size: Size,
    ...WISH_FIELDS,
    reference_image: means('One image to draw from, or several in their order.', v.nullish(References)),
    model: modelField(DEFAULT_MODEL),
  },
  'is not known here; the fields are',
);

/** Every field that `image.generate` takes. */
export const NORMALIZED_FIELDS: readonly string[] = Object.keys(GenerateRequest.entries);

/** Those whose value is text, whatever it looks like in a form. */
export const TEXT_FIELDS: readonly string[] = ['prompt', 'size', 'negative_prompt', 'style', 'model'];

/**
 * Reads the body of `image.generate`. `invalid_request` or `reference_refused`, with the field, for whatever is missing,
 * malformed or not known.
 */
export function readNormalized(value: JsonValue): NormalizedRequest {
  if (!isJsonObject(value)) throw new AppError('invalid_request', 'The body must be a JSON object.');
  const body = read(GenerateRequest, value, refuseWish);
  return {
    ...wishOf(body),
    model: body.model || DEFAULT_MODEL,
    prompt: body.prompt,
    size: body.size,
    references: referencesOf(body.reference_image),
    parameters: {},
  };
}

/** The same wish as a request body in the vendor's shape of messages, with the images before the text. */
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

/** Up to the first mark that ends a sentence: in Latin script only where a space follows (3.5 is a number). */
function firstSentence(text: string): string {
  const end = /[。！？\n]|[.!?](?=\s)/.exec(text.trim());
  const trimmed = text.trim();
  if (end === null) return text;
  const sentence = trimmed.slice(0, end.index + (end[0] === '\n' ? 0 : 1));
  return sentence.length === trimmed.length ? text : sentence;
}
