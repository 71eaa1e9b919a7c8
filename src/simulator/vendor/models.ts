import type { RateLimit } from '../util/sliding-windows.ts';
import type { Size, SizeRule } from './size.ts';

/** How a family words its successes: the five rows of the vendor's answer shapes. */
export type Envelope = 'qwen' | 'qwen2' | 'qwen3' | 'wan' | 'z-image';

/** How a family names its result files. */
export type FileNaming = 'request_id_seed' | 'uuid' | 'uuid_numbered' | 'serving_output';

/** What the image models of one family have in common. */
export interface Family {
  readonly envelope: Envelope;
  /** n images are n choices instead of n items of one choice. */
  readonly choicePerImage?: boolean;
  readonly naming: FileNaming;
  /** First segment of the result URL's path. */
  readonly lifetimeMark: '1d' | '7d';
  /** Accepted `n`; absent where the family ignores it and always draws one. */
  readonly count?: { readonly max: number; readonly fallback: number };
  readonly references: { readonly min: number; readonly max: number; readonly maxBytes: number };
  readonly size: SizeRule;
  /** Bounds when there are references, where they differ. */
  readonly editSize?: SizeRule;
  /** Set where texts and images in turn may be asked for (`enable_interleave`), with its own bounds. */
  readonly interleaved?: {
    readonly maxImages: number;
    readonly maxReferences: number;
    readonly size: SizeRule;
  };
  /** Each image of an answer has a seed of its own, counted up from the request's. */
  readonly seedPerImage?: boolean;
  /** Finished tasks of prompt-shaped requests tell the prompt as sent and as extended. */
  readonly tellsPrompts?: boolean;
  /** Code points of the prompt that the model reads; the rest is dropped without a word. */
  readonly promptLimit: number;
}

/** A model that draws images when called synchronously. */
export interface ImageModel {
  readonly family: Family;
  readonly limit: RateLimit;
}

const MEBIBYTE = 1024 * 1024;
const square = (side: number): Size => ({ width: side, height: side });
const squared = (from: number, to: number): readonly [number, number] => [from * from, to * to];
const perMinute = (count: number): RateLimit => ({ count, periodMs: 60_000 });
const perSecond = (count: number): RateLimit => ({ count, periodMs: 1000 });
const noReferences = { min: 0, max: 0, maxBytes: 0 };
const referencesUpTo = (max: number, min = 0) => ({ min, max, maxBytes: 10 * MEBIBYTE });

const qwenImage: Family = {
  envelope: 'qwen',
  naming: 'request_id_seed',
  lifetimeMark: '7d',
  count: { max: 1, fallback: 1 },
  references: noReferences,
  tellsPrompts: true,
  size: {
    fallback: { width: 1664, height: 928 },
    listed: ['1664*928', '1472*1104', '1328*1328', '1104*1472', '928*1664'],
  },
  promptLimit: 800,
};

// Two published descriptions differ; the wider one is taken, since a helper in use sends 1024*1024.
const qwenImageMax: Family = {
  ...qwenImage,
  size: { fallback: { width: 1664, height: 928 }, pixels: squared(512, 2048) },
};

const qwenImage2: Family = {
  ...qwenImage,
  envelope: 'qwen2',
  naming: 'uuid',
  count: { max: 6, fallback: 1 },
  references: referencesUpTo(3),
  size: { fallback: square(2048), pixels: squared(512, 2048) },
  editSize: { fallback: square(1024), followsReference: true, pixels: squared(512, 2048) },
  promptLimit: 1300,
};

const qwenImage3: Family = {
  ...qwenImage2,
  envelope: 'qwen3',
  naming: 'serving_output',
  size: { fallback: square(1024), followsReference: true, pixels: squared(512, 2048), ratio: 8 },
  editSize: { fallback: square(1024), followsReference: true, pixels: squared(512, 2048), ratio: 8 },
  promptLimit: 4500,
};

const qwenEdit: Family = {
  ...qwenImage,
  envelope: 'qwen2',
  naming: 'uuid_numbered',
  references: referencesUpTo(3, 1),
  size: { fallback: square(1024), followsReference: true, ignored: true },
};

const qwenEditPlus: Family = {
  ...qwenEdit,
  count: { max: 6, fallback: 1 },
  size: { fallback: square(1024), followsReference: true, sides: [512, 2048], multiple: 16 },
};

const wan26Text: Family = {
  envelope: 'wan',
  choicePerImage: true,
  naming: 'uuid_numbered',
  lifetimeMark: '1d',
  count: { max: 4, fallback: 4 },
  references: noReferences,
  size: { fallback: square(1280), pixels: squared(1280, 1440), ratio: 4 },
  promptLimit: 2100,
};

const wan26Image: Family = {
  ...wan26Text,
  references: referencesUpTo(4, 1),
  size: {
    fallback: square(1280),
    followsReference: true,
    named: { '1K': square(1280), '2K': square(2048) },
    pixels: squared(768, 2048),
    ratio: 4,
  },
  interleaved: {
    maxImages: 5,
    maxReferences: 1,
    size: { fallback: square(1280), pixels: squared(768, 1280), ratio: 4 },
  },
  promptLimit: 2000,
};

const wan27Sizes: SizeRule = {
  fallback: square(2048),
  followsReference: true,
  named: { '1K': square(1024), '2K': square(2048) },
  pixels: squared(768, 2048),
  ratio: 8,
};

const wan27: Family = {
  ...wan26Text,
  choicePerImage: false,
  count: { max: 4, fallback: 1 },
  references: { min: 0, max: 9, maxBytes: 20 * MEBIBYTE },
  size: wan27Sizes,
  promptLimit: 5000,
};

const wan27Pro: Family = {
  ...wan27,
  size: {
    ...wan27Sizes,
    named: { ...wan27Sizes.named, '4K': square(4096) },
    pixels: squared(768, 4096),
  },
  editSize: wan27Sizes,
};

const zImage: Family = {
  envelope: 'z-image',
  naming: 'uuid',
  lifetimeMark: '7d',
  references: noReferences,
  size: { fallback: { width: 1024, height: 1536 }, pixels: squared(512, 2048) },
  promptLimit: 800,
};

const imageModels: Readonly<Record<string, ImageModel>> = {
  'qwen-image': { family: qwenImage, limit: perSecond(2) },
  'qwen-image-plus': { family: qwenImage, limit: perSecond(2) },
  'qwen-image-max': { family: qwenImageMax, limit: perMinute(2) },
  'qwen-image-2.0': { family: qwenImage2, limit: perSecond(2) },
  'qwen-image-2.0-pro': { family: qwenImage2, limit: perMinute(2) },
  'qwen-image-2.1-pro': {
    family: { ...qwenImage3, references: referencesUpTo(10) },
    limit: perMinute(5),
  },
  'qwen-image-3.0': { family: qwenImage3, limit: perMinute(5) },
  'qwen-image-3.0-pro': { family: qwenImage3, limit: perMinute(5) },
  'qwen-image-edit': { family: qwenEdit, limit: perSecond(2) },
  'qwen-image-edit-plus': { family: qwenEditPlus, limit: perSecond(2) },
  'qwen-image-edit-max': { family: qwenEditPlus, limit: perMinute(2) },
  'wan2.6-t2i': { family: wan26Text, limit: perSecond(5) },
  'wan2.6-image': { family: wan26Image, limit: perSecond(5) },
  'wan2.7-image': { family: wan27, limit: perSecond(5) },
  'wan2.7-image-pro': { family: wan27Pro, limit: perSecond(5) },
  'z-image-turbo': { family: zImage, limit: perSecond(2) },
};

/** The model of this id, dated snapshots (`…-2026-01-09`) included; undefined when it draws nothing synchronously. */
export function findImageModel(model: string): ImageModel | undefined {
  const base = model.replace(/-\d{4}-\d{2}-\d{2}$/, '');
  return Object.hasOwn(imageModels, base) ? imageModels[base] : undefined;
}

/** True for the chat models that share the image models' path: vision, audio and the like. */
export function isChatModel(model: string): boolean {
  return /^(qvq|qwen)/.test(model) && /(^qvq|-vl|omni|-ocr|-asr|-tts|audio)/.test(model);
}

/** True for image models that the vendor serves only as tasks of prompt-shaped requests. */
export function isPromptShapedModel(model: string): boolean {
  return (
    /^(wanx|wan2\.[0-5]|flux-|stable-diffusion-|qwen-mt-image)/.test(model) ||
    /^qwen-image(-plus)?$/.test(model)
  );
}
