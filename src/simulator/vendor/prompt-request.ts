import { isRecord, type JsonRecord } from '../util/json.ts';
import { completeRequest, type GenerationRequest } from './generation-request.ts';
import type { Family } from './models.ts';
import { present, readText } from './parameters.ts';
import { invalidParameter } from './refusal.ts';

/** Where a prompt-shaped body may name an image, besides `images`. */
const referenceFields = ['base_image_url', 'mask_image_url', 'sketch_image_url', 'ref_img'] as const;

/** What shapes the image besides the parameters that all families share. */
const paintFields = [
  'function',
  'style',
  'strength',
  'ref_strength',
  'ref_mode',
  'sketch_weight',
  'realisticness',
  'mask_color',
  'steps',
  'scale',
  'guidance',
] as const;

/** What wanx2.1-imageedit can do; the vendor's own SDK misspells one. */
const functions = [
  'stylization_all',
  'stylization_local',
  'description_edit',
  'description_edit_with_mask',
  'remove_watermark',
  'remove_watermaker',
  'expand',
  'super_resolution',
  'colorization',
  'doodle',
  'control_cartoon_feature',
];

/** Reads a prompt-shaped body; throws the Refusal for the first thing wrong. `input` goes before `parameters`. */
export function readPromptRequest(model: string, family: Family, body: JsonRecord): GenerationRequest {
  const parameters = isRecord(body.parameters) ? body.parameters : {};
  if (!isRecord(body.input)) throw invalidParameter('input must be an object');
  const input = body.input;
  const prompt = readText(input, 'prompt');
  if (prompt === '') throw invalidParameter('Field required: input.prompt');
  if (model === 'wanx2.1-imageedit') checkFunction(input);
  const negativePrompt = readText(input, 'negative_prompt') || readText(parameters, 'negative_prompt');
  const named = referenceFields.filter((name) => readText(input, name) !== '');
  const references = [...named.map((name) => readText(input, name)), ...readImages(input)];
  const extras: JsonRecord = {};
  if (named.length > 0) extras.reference_fields = named;
  for (const name of paintFields) {
    const value = input[name] ?? parameters[name];
    if (present(value)) extras[name] = value;
  }
  return completeRequest(model, family, { prompt, negativePrompt, references, extras }, parameters);
}

function checkFunction(input: JsonRecord): void {
  const name = readText(input, 'function');
  if (!functions.includes(name)) throw invalidParameter(`function must be one of ${functions.join(', ')}`);
  if (readText(input, 'base_image_url') === '') {
    throw invalidParameter('Field required: input.base_image_url');
  }
  if (name === 'description_edit_with_mask' && readText(input, 'mask_image_url') === '') {
    throw invalidParameter('Field required: input.mask_image_url');
  }
}

function readImages({ images }: JsonRecord): string[] {
  if (!present(images)) return [];
  const texts = Array.isArray(images) ? images.filter((image) => typeof image === 'string') : undefined;
  if (!Array.isArray(images) || texts?.length !== images.length) {
    throw invalidParameter('input.images must be an array of strings');
  }
  return texts;
}
