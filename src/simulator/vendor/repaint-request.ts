import { isRecord, type JsonRecord } from '../util/json.ts';
import { completeRequest, type GenerationRequest } from './generation-request.ts';
import type { Family } from './models.ts';
import { readInteger, readText } from './parameters.ts';
import { invalidParameter } from './refusal.ts';

const MAX_STYLE = 40;

/** Reads the body of a style repaint: a portrait, and a preset style or an image of one. It has no `parameters`. */
export function readRepaintRequest(model: string, family: Family, body: JsonRecord): GenerationRequest {
  if (!isRecord(body.input)) throw invalidParameter('input must be an object');
  const portrait = readText(body.input, 'image_url');
  if (portrait === '') throw invalidParameter('Field required: input.image_url');
  const style = readInteger(body.input, 'style_index', -1, MAX_STYLE);
  if (style === undefined) throw invalidParameter('Field required: input.style_index');
  const styleImage = readText(body.input, 'style_ref_url');
  if (style === -1 && styleImage === '') throw invalidParameter('Field required: input.style_ref_url');
  const references = style === -1 ? [portrait, styleImage] : [portrait];
  const wording = { prompt: '', negativePrompt: '', references, extras: { style_index: style } };
  return completeRequest(model, family, wording, {});
}
