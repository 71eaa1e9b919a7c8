import type { RateLimit } from '../util/sliding-windows.ts';
import { type Family, findImageModel } from './models.ts';
import type { Size } from './size.ts';

/** The services that make tasks: the first takes messages, the others a prompt. */
export type TaskService = 'image-generation' | 'text2image' | 'image2image';

/** How a body words what is to be drawn, and with it how the finished task is told. */
export type RequestForm = 'messages' | 'prompt' | 'repaint';

/** A model that draws images as a task. */
export interface TaskModel {
  readonly service: TaskService;
  readonly form: RequestForm;
  /** Draws while the client waits, too, when the header that asks for a task is missing. */
  readonly synchronous?: true;
  readonly family: Family;
  /** Submissions of one account. */
  readonly limit: RateLimit;
  /** Tasks of one account that run at a time; further ones wait as PENDING. */
  readonly concurrent: number;
}

const MEBIBYTE = 1024 * 1024;
const square = (side: number): Size => ({ width: side, height: side });
const squared = (from: number, to: number): readonly [number, number] => [from * from, to * to];
const perSecond = (count: number): RateLimit => ({ count, periodMs: 1000 });
const referencesUpTo = (max: number, min = 0) => ({ min, max, maxBytes: 10 * MEBIBYTE });

const wan22Text: Family = {
  envelope: 'wan',
  naming: 'uuid_numbered',
  lifetimeMark: '1d',
  count: { max: 4, fallback: 4 },
  references: referencesUpTo(0),
  tellsPrompts: true,
  size: { fallback: square(1024), sides: [512, 1440] },
  promptLimit: 500,
};

const wan25Text: Family = {
  ...wan22Text,
  size: { fallback: square(1280), pixels: squared(1280, 1440), ratio: 4 },
  promptLimit: 2000,
};

const wan25Edit: Family = {
  ...wan25Text,
  references: referencesUpTo(3, 1),
  seedPerImage: true,
  size: { fallback: square(1280), followsReference: true, pixels: squared(768, 1280), ratio: 4 },
};

const wanxV1: Family = {
  ...wan22Text,
  references: referencesUpTo(1),
  tellsPrompts: false,
  size: { fallback: square(1024), listed: ['1024*1024', '720*1280', '768*1152', '1280*720'] },
  promptLimit: 800,
};

const wanxFunctionEdit: Family = {
  ...wan22Text,
  count: { max: 4, fallback: 1 },
  references: referencesUpTo(2, 1),
  tellsPrompts: false,
  size: { fallback: square(1024), followsReference: true, ignored: true },
  promptLimit: 800,
};

const wanxSketch: Family = { ...wanxV1, references: referencesUpTo(1, 1), size: { fallback: square(768) } };

const openWeights: Family = { ...wan22Text, count: { max: 4, fallback: 1 }, tellsPrompts: false };

const textModel = (family: Family, requests = 2, concurrent = 2): TaskModel => ({
  service: 'text2image',
  form: 'prompt',
  family,
  limit: perSecond(requests),
  concurrent,
});
const editModel = (family: Family, requests = 2, concurrent = 2): TaskModel => ({
  ...textModel(family, requests, concurrent),
  service: 'image2image',
});

const styleRepaint: TaskModel = {
  service: 'image-generation',
  form: 'repaint',
  family: {
    ...wan22Text,
    count: { max: 1, fallback: 1 },
    references: referencesUpTo(2, 1),
    tellsPrompts: false,
    size: { fallback: square(1024), followsReference: true, ignored: true },
  },
  limit: perSecond(2),
  concurrent: 1,
};

const promptModels: readonly (readonly [RegExp, TaskModel])[] = [
  [/^wan2\.5-t2i-preview$/, textModel(wan25Text, 5, 5)],
  // The vendor's SDK says of these two that they are drawn synchronously as well.
  [/^wan2\.2-t2i-(plus|flash)$/, { ...textModel(wan22Text), synchronous: true }],
  [/^wanx?2\.[12]-t2i-(plus|flash|turbo)$/, textModel(wan22Text)],
  [/^wanx?2\.0-t2i-turbo$/, textModel({ ...wan22Text, promptLimit: 800 })],
  [/^wanx-v1$/, textModel(wanxV1, 2, 1)],
  [/^(flux|stable-diffusion)-/, textModel(openWeights)],
  [/^wan2\.5-i2i-preview$/, editModel(wan25Edit, 5, 5)],
  [/^wanx2\.1-imageedit$/, editModel(wanxFunctionEdit)],
  [/^wanx-sketch-to-image-lite$/, editModel(wanxSketch)],
  [/^wanx-style-repaint-v1$/, styleRepaint],
];

/** The model of this id as a task, and the one service that takes it; undefined for models that make no tasks. */
export function findTaskModel(model: string): TaskModel | undefined {
  const known = findImageModel(model);
  if (known && /^(wan2\.[67]-|qwen-image-(2\.1|3\.0))/.test(model)) {
    return { service: 'image-generation', form: 'messages', ...known, concurrent: 5 };
  }
  // Dated snapshots of these two are synchronous only.
  if (known && /^qwen-image(-plus)?$/.test(model)) {
    return { service: 'text2image', form: 'prompt', ...known, concurrent: 2 };
  }
  return promptModels.find(([pattern]) => pattern.test(model))?.[1];
}
