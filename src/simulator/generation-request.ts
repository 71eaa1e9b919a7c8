import { isRecord, type JsonRecord } from './json.ts';
import type { Family } from './models.ts';
import { invalidParameter, refusalFor } from './refusal.ts';

/** The largest seed that the vendor documents. */
const MAX_SEED = 2_147_483_647;
const MAX_SEQUENCE = 12;
const NEGATIVE_PROMPT_LIMIT = 500;

const flags = [
  'prompt_extend',
  'watermark',
  'enable_thinking',
  'thinking_mode',
  'enable_sequential',
  'enable_interleave',
] as const;
const otherPaintFields = ['prompt_extend_mode', 'bbox_list', 'color_palette'] as const;

/** A well-formed request for pictures; its references are not yet fetched. */
export interface GenerationRequest {
  readonly model: string;
  readonly family: Family;
  /** Cut to what the model reads. */
  readonly prompt: string;
  readonly negativePrompt: string;
  /** As sent, in order: data URI, http(s) URL or oss:// name. */
  readonly references: readonly string[];
  /** Pictures to be drawn. */
  readonly count: number;
  readonly seed: number | undefined;
  readonly promptExtend: boolean;
  /** `parameters.size` as sent. */
  readonly size: unknown;
  /** Documented parameters besides those above that change the picture, by name. */
  readonly extras: JsonRecord;
}

/** Checks a message-shaped body as the vendor does; throws the Refusal for the first thing wrong. Nulls count as absent. */
export function readGenerationRequest(model: string, family: Family, body: JsonRecord): GenerationRequest {
  const { prompt, references } = readMessage(body.input);
  const parameters = isRecord(body.parameters) ? body.parameters : {};
  const extras = readExtras(parameters);
  checkReferenceCount(family, references.length);
  if (extras.enable_interleave === true) throw invalidParameter('enable_interleave is not supported');
  return {
    model,
    family,
    prompt: firstCodePoints(prompt, family.promptLimit),
    negativePrompt: firstCodePoints(readText(parameters, 'negative_prompt'), NEGATIVE_PROMPT_LIMIT),
    references,
    count: readCount(family, parameters, extras.enable_sequential === true),
    seed: readInteger(parameters, 'seed', 0, MAX_SEED),
    promptExtend: promptExtend(family, parameters),
    size: parameters.size,
    extras,
  };
}

function promptExtend(family: Family, parameters: JsonRecord): boolean {
  // z-image is the one family where extension is off unless asked for; it doubles the price there.
  return typeof parameters.prompt_extend === 'boolean'
    ? parameters.prompt_extend
    : family.envelope !== 'z-image';
}

function readMessage(input: unknown): { prompt: string; references: string[] } {
  const messages = isRecord(input) ? input.messages : undefined;
  if (!Array.isArray(messages)) throw invalidParameter('Field required: input.messages');
  const [message, ...rest] = messages;
  if (rest.length > 0 || !isRecord(message) || message.role !== 'user') {
    throw invalidParameter('input.messages must contain exactly one message with role user');
  }
  const items = typeof message.content === 'string' ? [{ text: message.content }] : message.content;
  if (!Array.isArray(items)) throw invalidParameter('Field required: input.messages[0].content');
  const texts: string[] = [];
  const references: string[] = [];
  for (const item of items) {
    if (isRecord(item) && typeof item.text === 'string') texts.push(item.text);
    else if (isRecord(item) && typeof item.image === 'string') references.push(item.image);
    else throw invalidParameter('input.messages[0].content items must hold a text or an image');
  }
  const [prompt] = texts;
  if (texts.length !== 1 || prompt === undefined || prompt === '') {
    throw invalidParameter('input.messages[0].content must contain exactly one non-empty text');
  }
  return { prompt, references };
}

function checkReferenceCount(family: Family, given: number): void {
  const { min, max } = family.references;
  if (given >= min && given <= max) return;
  if (min > 0) {
    throw invalidParameter(
      `For image editing, the message must contain ${min}~${max} image content items. Got ${given} image items.`,
    );
  }
  throw invalidParameter(
    `The message must contain at most ${max} image content items. Got ${given} image items.`,
  );
}

function readCount(family: Family, parameters: JsonRecord, sequential: boolean): number {
  if (!family.count) return 1;
  if (sequential) {
    // `n` is only an upper bound of a coherent set: the model may well stop one short.
    return Math.max(1, (readInteger(parameters, 'n', 1, MAX_SEQUENCE) ?? MAX_SEQUENCE) - 1);
  }
  if (family.count.max === 1) {
    if (present(parameters.n) && parameters.n !== 1) {
      throw invalidParameter('num_images_per_prompt must be 1');
    }
    return 1;
  }
  return readInteger(parameters, 'n', 1, family.count.max) ?? family.count.fallback;
}

function readExtras(parameters: JsonRecord): JsonRecord {
  const extras: JsonRecord = {};
  for (const name of flags) {
    const value = parameters[name];
    if (!present(value)) continue;
    if (typeof value !== 'boolean') throw invalidParameter(`${name} must be a boolean`);
    extras[name] = value;
  }
  for (const name of otherPaintFields) {
    if (present(parameters[name])) extras[name] = parameters[name];
  }
  return extras;
}

function readInteger(parameters: JsonRecord, name: string, least: number, most: number): number | undefined {
  const value = parameters[name];
  if (!present(value)) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    throw invalidParameter(`${name} must be an integer in [${least}, ${most}]`);
  }
  return value;
}

function readText(parameters: JsonRecord, name: string): string {
  const value = parameters[name];
  if (!present(value)) return '';
  if (typeof value !== 'string') throw invalidParameter(`${name} must be a string`);
  return value;
}

function present(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function firstCodePoints(text: string, limit: number): string {
  return text.length <= limit ? text : [...text].slice(0, limit).join('');
}

/** A text in a prompt that makes the simulator refuse: `simulate:<code>`, as in `simulate:DataInspectionFailed`. */
const marker = /simulate:([A-Za-z.]+)/;

/** Throws the refusal that the prompt's marker asks for, if it carries one. */
export function obeyMarker(prompt: string): void {
  const code = marker.exec(prompt)?.[1]?.replace(/\.$/, '');
  if (code) throw refusalFor(code);
}
