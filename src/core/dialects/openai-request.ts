import { AppError, invalid } from '../errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-text.ts';
import { valuesOfForm } from './form-values.ts';
import {
  DEFAULT_MODEL,
  type NormalizedRequest,
  readPrompt,
  readReferences,
  readSeed,
  readSize,
  readTake,
  readText,
  readWhole,
} from './normalized-request.ts';

/** A request in the words of OpenAI's images API. */
export interface OpenAiRequest {
  readonly wish: NormalizedRequest;
  /** How each picture is answered. */
  readonly format: PictureFormat;
  /** Whether the answer comes as events. */
  readonly streams: boolean;
}

export type PictureFormat = 'url' | 'b64_json';

/** What an edit gets that names no model: unlike `qwen-image-edit-max`, it may be asked more than twice a minute. */
export const DEFAULT_EDIT_MODEL = 'qwen-image-edit-plus';

/** What is read here by name. All other fields are the vendor's parameters. */
const READ: ReadonlySet<string> = new Set([
  'prompt',
  'model',
  'n',
  'size',
  'seed',
  'negative_prompt',
  'style',
  'take',
  'image',
  'mask',
  'response_format',
  'stream',
  'user',
]);

/** A field of OpenAI's that DashScope has no counterpart for. */
interface Hint {
  /** The values that promise nothing but what is drawn anyway. */
  readonly values: readonly (string | number)[];
  /** Why no others are taken. */
  readonly why?: string;
}

const AS_DRAWN = 'pictures are given as the model drew them';

/** Fields that say nothing to DashScope: what they ask for is drawn anyway, or refused. */
export const OPENAI_HINTS: ReadonlyMap<string, Hint> = new Map([
  ['quality', { values: ['auto', 'standard', 'hd', 'low', 'medium', 'high'] }],
  ['moderation', { values: ['auto', 'low'] }],
  ['input_fidelity', { values: ['low', 'high'] }],
  ['partial_images', { values: [0, 1, 2, 3] }],
  ['background', { values: ['auto', 'opaque'], why: 'no model draws a transparent one' }],
  ['output_format', { values: ['png'], why: AS_DRAWN }],
  ['output_compression', { values: [100], why: AS_DRAWN }],
]);

/** Fields that hold words in a form, whatever these look like. */
const WORDS: readonly string[] = ['prompt', 'negative_prompt', 'style', 'user'];

/** Reads the body of `POST /v1/images/generations`. Errors are about fields, and name them. */
export function readGenerations(value: JsonValue): OpenAiRequest {
  const body = readObject(value);
  for (const name of ['image', 'mask']) {
    if (isGiven(body[name])) throw invalid(name, 'is taken by /v1/images/edits');
  }
  return readRequest(body, DEFAULT_MODEL);
}

/** Reads the body of `POST /v1/images/edits`, where `image` is one picture or a list of them. */
export function readEdits(value: JsonValue): OpenAiRequest {
  const body = readObject(value);
  if (isGiven(body.mask)) {
    throw invalid(
      'mask',
      'has no counterpart: the models edit by words, so say in the prompt what to change',
    );
  }
  const request = readRequest(body, DEFAULT_EDIT_MODEL);
  if (request.wish.references.length === 0) throw invalid('image', 'is missing: it is the picture to edit');
  return request;
}

/** The same of a form, whose files are data URIs by now. */
export function readEditsForm(
  fields: ReadonlyMap<string, string>,
  pictures: readonly { readonly name: string; readonly value: string }[],
): OpenAiRequest {
  const nested = [...fields.keys()].find((name) => name.includes('['));
  if (nested !== undefined) throw invalid(nested, 'holds a list or an object, which only a JSON body can');
  const valuesOf = (wanted: (name: string) => boolean) =>
    pictures.filter(({ name }) => wanted(name)).map(({ value }) => value);
  const images = valuesOf((name) => name !== 'mask');
  const [mask] = valuesOf((name) => name === 'mask');
  return readEdits({
    ...valuesOfForm(fields, WORDS),
    image: images.length === 1 ? (images[0] ?? null) : images,
    mask: mask ?? null,
  });
}

function readRequest(body: JsonObject, defaultModel: string): OpenAiRequest {
  for (const [name, hint] of OPENAI_HINTS) checkHint(body, name, hint);
  readText(body, 'user');
  const streams = readFlag(body, 'stream');
  const size = readText(body, 'size');
  return {
    wish: {
      model: readText(body, 'model') ?? defaultModel,
      prompt: readPrompt(body),
      size: size === undefined || size === 'auto' ? undefined : readSize(size),
      negativePrompt: readText(body, 'negative_prompt'),
      style: readText(body, 'style'),
      seed: readSeed(body.seed),
      references: readReferences(body, 'image'),
      n: readWhole(body, 'n') ?? 1,
      take: readTake(body),
      parameters: readParameters(body),
    },
    // OpenAI's streams know base64 only.
    format: readFormat(body) ?? (streams ? 'b64_json' : 'url'),
    streams,
  };
}

function readObject(value: JsonValue): JsonObject {
  if (isJsonObject(value)) return value;
  throw new AppError('invalid_request', 'The body must be a JSON object.');
}

function readFormat(body: JsonObject): PictureFormat | undefined {
  const format = readText(body, 'response_format');
  if (format === undefined || format === 'url' || format === 'b64_json') return format;
  throw invalid('response_format', 'must be url or b64_json');
}

function readFlag(body: JsonObject, name: string): boolean {
  const value = body[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw invalid(name, 'must be true or false');
}

function checkHint(body: JsonObject, name: string, { values, why }: Hint): void {
  const value = body[name];
  if (!isGiven(value) || values.some((accepted) => accepted === value)) return;
  const list = values.length === 1 ? values[0] : `one of ${values.join(', ')}`;
  throw invalid(name, why === undefined ? `must be ${list}` : `must be ${list} here: ${why}`);
}

function readParameters(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) => isGiven(value) && !READ.has(name) && !OPENAI_HINTS.has(name),
    ),
  );
}

/** Null says nothing, as SDKs send it. */
function isGiven(value: JsonValue | undefined): value is Exclude<JsonValue, null> {
  return value !== undefined && value !== null;
}
