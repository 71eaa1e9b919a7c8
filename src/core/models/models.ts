import { AppError } from '../errors.ts';
import { IMAGE_MODELS, type ImageModel } from './image-models.ts';
import { nearestName } from './nearest-name.ts';

const MODEL_OF_ID: ReadonlyMap<string, ImageModel> = new Map(
  IMAGE_MODELS.flatMap((model) => model.ids.map((id) => [id, model])),
);

const IMAGE_MODEL_PREFIXES = ['qwen-image', 'wanx', 'wan', 'z-image'];

/** What is known of a model; undefined for an id that is not in the table, which may be cached all the same. */
export function findModel(id: string): ImageModel | undefined {
  return MODEL_OF_ID.get(id);
}

/** Whether requests for this model are cached: it is in the table, has a known prefix, or is one of `added`. */
export function isImageModel(model: string, added: ReadonlySet<string>): boolean {
  return (
    MODEL_OF_ID.has(model) ||
    added.has(model) ||
    IMAGE_MODEL_PREFIXES.some((prefix) => model.startsWith(prefix))
  );
}

/** Every id that may be asked for by name: the official ones, those that draw from text alone first, then `added`. */
export function listModels(added: ReadonlySet<string>): readonly string[] {
  return [...new Set([...MODEL_OF_ID.keys(), ...added])];
}

/** Throws `unknown_model`, which lists the ids, for one that is neither official nor `added`. */
export function requireKnownModel(model: string, added: ReadonlySet<string>): void {
  if (MODEL_OF_ID.has(model) || added.has(model)) return;
  const nearest = nearestName(model, listModels(added));
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  const names = [...IMAGE_MODELS.map(({ ids: [id] }) => id), ...added].join(', ');
  throw new AppError(
    'unknown_model',
    `There is no image model ${JSON.stringify(model.slice(0, 64))}.${hint} There are ${names}, and dated snapshots of some.`,
    { field: 'model' },
  );
}

/** Throws `invalid_request`, which lists the sizes, for a `W*H` that is not on the model's list, where that is closed. */
export function requireOfferedSize(model: string, size: string): void {
  const sizes = MODEL_OF_ID.get(model)?.sizes;
  if (sizes === undefined || sizes.includes(size)) return;
  throw new AppError(
    'invalid_request',
    `The field size is ${JSON.stringify(size.slice(0, 64))}, but ${model} offers only ${sizes.join(', ')}.`,
    { field: 'size' },
  );
}

/**
 * Whether a model of an image family's name draws videos, such as `wan2.5-i2v-preview`, `wanx2.1-vace-plus` or
 * `wan2.2-animate-move`: its requests go by other paths, which pass through here unread.
 */
export function drawsVideo(model: string): boolean {
  return /^wanx?.*(2v|vace|animate|video)/.test(model);
}

/**
 * How many pictures the vendor draws when the request does not say, for the models where every source agrees. A wrong
 * guess would answer a request for four with one, so for all other models `n` stays absent.
 */
export function defaultCount(model: string): number | undefined {
  if (/^(qwen-image|z-image)/.test(model)) return 1;
  if (/^wan2\.[2-6]-t2i/.test(model)) return 4;
  return undefined;
}
