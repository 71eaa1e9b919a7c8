import * as v from 'valibot';
import { AppError, invalid } from '../errors.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { flag, means, open, read } from '../schema.ts';
import { valuesOfForm } from './form-values.ts';
import { DEFAULT_MODEL, type NormalizedRequest } from './normalized-request.ts';
import {
  modelField,
  OpenSize,
  Prompt,
  referencesOf,
  refuseWish,
  someReferences,
  WISH_FIELDS,
  wishOf,
  words,
} from './wish-fields.ts';

/** A request in the words of OpenAI's images API. */
export interface OpenAiRequest {
  readonly wish: NormalizedRequest;
  /** How each image is answered. */
  readonly format: ImageFormat;
  /** Whether the answer comes as events. */
  readonly streams: boolean;
}

export type ImageFormat = 'url' | 'b64_json';

/** What an edit gets that names no model: unlike `qwen-image-edit-max`, it may be asked more than twice a minute. */
export const DEFAULT_EDIT_MODEL = 'qwen-image-edit-plus';

const AS_DRAWN = 'pictures are given as the model drew them';

/** A field that DashScope has no counterpart for. It takes the values that promise nothing but what is drawn anyway. */
function hint<const V extends readonly (string | number)[]>(values: V, why?: string) {
  const list = values.length === 1 ? values[0] : `one of ${values.join(', ')}`;
  return v.nullish(
    v.picklist(values, why === undefined ? `must be ${list}` : `must be ${list} here: ${why}`),
  );
}

/** Fields that say nothing to DashScope: what they ask for is drawn anyway, or refused. */
export const OPENAI_HINTS = {
  quality: hint(['auto', 'standard', 'hd', 'low', 'medium', 'high']),
  moderation: hint(['auto', 'low']),
  input_fidelity: hint(['low', 'high']),
  partial_images: hint([0, 1, 2, 3]),
  background: hint(['auto', 'opaque'], 'no model draws a transparent one'),
  output_format: hint(['png'], AS_DRAWN),
  output_compression: hint([100], AS_DRAWN),
};

/** Fields that generations and edits have in common. Any other is the model's own parameter. */
const COMMON = {
  ...OPENAI_HINTS,
  user: words('Whom it is for. Not part of the image.'),
  stream: means('Answer in events.', v.nullish(flag())),
  prompt: Prompt,
  size: OpenSize,
  ...WISH_FIELDS,
  response_format: v.pipe(
    v.nullish(
      v.pipe(v.string('must be a string'), v.picklist(['url', 'b64_json', ''], 'must be url or b64_json')),
    ),
    v.description('Default: `url`, or `b64_json` where it is streamed.'),
  ),
};

/** The body of `POST /v1/images/generations`. */
export const OpenAiGeneration = open({ ...COMMON, model: modelField(DEFAULT_MODEL) });

/** The body of `POST /v1/images/edits`. */
export const OpenAiEdit = open({
  ...COMMON,
  model: modelField(DEFAULT_EDIT_MODEL),
  image: someReferences('is missing: it is the picture to edit'),
});

/** Names that are no parameters of the model. */
const READ: ReadonlySet<string> = new Set([...Object.keys(OpenAiEdit.entries), 'images', 'mask']);

/** Fields that hold words in a form, whatever these look like. */
const WORDS: readonly string[] = ['prompt', 'negative_prompt', 'style', 'user'];

/** Reads the body of `POST /v1/images/generations`. Errors are about fields, and name them. */
export function readGenerations(value: JsonValue): OpenAiRequest {
  const body = readObject(value);
  for (const name of ['image', 'images', 'mask']) {
    if (isGiven(body[name])) throw invalid(name, 'is taken by /v1/images/edits');
  }
  const { model, ...common } = read(OpenAiGeneration, body, refuseWish);
  return requestOf(common, { model: model || DEFAULT_MODEL, references: [], parameters: parametersOf(body) });
}

/** Reads the body of `POST /v1/images/edits`, where `image` is one image or a list of them. */
export function readEdits(value: JsonValue): OpenAiRequest {
  const body = readObject(value);
  if (isGiven(body.mask)) {
    throw invalid(
      'mask',
      'has no counterpart: the models edit by words, so say in the prompt what to change',
    );
  }
  const { model, image, ...common } = read(OpenAiEdit, withImages(body), refuseWish);
  const references = referencesOf(image);
  return requestOf(common, {
    model: model || DEFAULT_EDIT_MODEL,
    references,
    parameters: parametersOf(body),
  });
}

/** OpenAI's JSON edits name their images in `images`, each by its `image_url`. */
function withImages({ images, ...body }: JsonObject): JsonObject {
  if (!isGiven(images)) return body;
  if (isGiven(body.image)) throw invalid('images', 'is given beside image: one of them is enough');
  if (!isJsonArray(images)) throw invalid('images', 'must be a list');
  const urls = images.map((item, index) => {
    const url = isJsonObject(item) ? item.image_url : undefined;
    if (typeof url === 'string') return url;
    throw invalid(`images[${index}]`, 'must have an image_url: a URL or a data URI');
  });
  return { ...body, image: urls };
}

/** OpenAI's own two styles ask for nothing that DashScope knows; any other is words for the model. */
const OPENAI_STYLES: ReadonlySet<string | undefined> = new Set(['vivid', 'natural']);

/** The same of a form, whose files are data URIs by now. */
export function readEditsForm(
  fields: ReadonlyMap<string, string>,
  parts: readonly { readonly name: string; readonly value: string }[],
): OpenAiRequest {
  const nested = [...fields.keys()].find((name) => name.includes('['));
  if (nested !== undefined) throw invalid(nested, 'holds a list or an object, which only a JSON body can');
  const valuesOf = (wanted: (name: string) => boolean) =>
    parts.filter(({ name }) => wanted(name)).map(({ value }) => value);
  const images = valuesOf((name) => name !== 'mask');
  const [mask] = valuesOf((name) => name === 'mask');
  return readEdits({
    ...valuesOfForm(fields, WORDS),
    image: images.length === 1 ? (images[0] ?? null) : images,
    mask: mask ?? null,
  });
}

type Common = v.InferOutput<v.ObjectSchema<typeof COMMON, undefined>>;

function requestOf(
  body: Common,
  rest: Pick<NormalizedRequest, 'model' | 'references' | 'parameters'>,
): OpenAiRequest {
  const { prompt, size, stream, response_format: format } = body;
  const streams = stream ?? false;
  const { style, ...wish } = wishOf(body);
  return {
    wish: {
      ...wish,
      ...rest,
      style: OPENAI_STYLES.has(style) ? undefined : style,
      prompt,
      size: size === 'auto' ? undefined : size || undefined,
    },
    // OpenAI's streams know base64 only.
    format: format || (streams ? 'b64_json' : 'url'),
    streams,
  };
}

function readObject(value: JsonValue): JsonObject {
  if (isJsonObject(value)) return value;
  throw new AppError('invalid_request', 'The body must be a JSON object.');
}

function parametersOf(body: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(body).filter(([name, value]) => isGiven(value) && !READ.has(name)),
  );
}

/** Null says nothing, as SDKs send it. */
function isGiven(value: JsonValue | undefined): value is Exclude<JsonValue, null> {
  return value !== undefined && value !== null;
}
