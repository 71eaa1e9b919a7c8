import type { JsonRecord } from '../util/json.ts';
import type { Family } from './models.ts';
import { present, readInteger } from './parameters.ts';
import { invalidParameter } from './refusal.ts';
import type { SizeRule } from './size.ts';

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

/** What a request says in the words of its shape: messages or prompt. */
export interface Wording {
  readonly prompt: string;
  readonly negativePrompt: string;
  /** As sent, in order: data URI, http(s) URL or oss:// name. */
  readonly references: readonly string[];
  /** Fields of this shape alone that change the image, by name. */
  readonly extras: JsonRecord;
}

/** A well-formed request for images; its references are not yet fetched. */
export interface GenerationRequest extends Wording {
  readonly model: string;
  readonly family: Family;
  /** Images to be drawn. */
  readonly count: number;
  readonly seed: number | undefined;
  readonly promptExtend: boolean;
  /** Texts and images in turn. */
  readonly interleaved: boolean;
  /** `parameters.size` as sent. */
  readonly size: unknown;
}

/** The part of a request that words its answer, without what may be megabytes of references. */
export type AnsweredRequest = Omit<GenerationRequest, 'references'>;

/**
 * Checks what both shapes share, as the vendor does; throws the Refusal for the first thing wrong. Texts are cut to what
 * the model reads.
 */
export function completeRequest(
  model: string,
  family: Family,
  wording: Wording,
  parameters: JsonRecord,
): GenerationRequest {
  const extras = readExtras(parameters);
  const interleaved = extras.enable_interleave === true;
  checkReferenceCount(family, wording.references.length, interleaved);
  return {
    model,
    family,
    prompt: firstCodePoints(wording.prompt, family.promptLimit),
    negativePrompt: firstCodePoints(wording.negativePrompt, NEGATIVE_PROMPT_LIMIT),
    references: wording.references,
    count: interleaved ? readMaxImages(family, parameters) : readCount(family, parameters, extras),
    seed: readInteger(parameters, 'seed', 0, MAX_SEED),
    promptExtend: promptExtend(family, parameters),
    interleaved,
    size: parameters.size,
    extras: { ...wording.extras, ...extras },
  };
}

/** The bounds that a request's size is under. */
export function sizeRuleOf({ family, interleaved, references }: GenerationRequest): SizeRule {
  if (interleaved && family.interleaved) return family.interleaved.size;
  return (references.length > 0 ? family.editSize : undefined) ?? family.size;
}

function promptExtend(family: Family, parameters: JsonRecord): boolean {
  // z-image is the one family where extension is off unless asked for; it doubles the price there.
  return typeof parameters.prompt_extend === 'boolean'
    ? parameters.prompt_extend
    : family.envelope !== 'z-image';
}

function checkReferenceCount(family: Family, given: number, interleaved: boolean): void {
  if (interleaved && !family.interleaved) throw invalidParameter('enable_interleave is not supported');
  const { min, max } =
    interleaved && family.interleaved ? { min: 0, max: family.interleaved.maxReferences } : family.references;
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

function readMaxImages(family: Family, parameters: JsonRecord): number {
  if (present(parameters.n) && parameters.n !== 1) throw invalidParameter('n must be 1');
  const most = family.interleaved?.maxImages ?? 1;
  return readInteger(parameters, 'max_images', 1, most) ?? most;
}

function readCount(family: Family, parameters: JsonRecord, extras: JsonRecord): number {
  if (!family.count) return 1;
  if (extras.enable_sequential === true) {
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

function firstCodePoints(text: string, limit: number): string {
  return text.length <= limit ? text : [...text].slice(0, limit).join('');
}

/** A text in a prompt that makes the simulator refuse: `simulate:<code>`, as in `simulate:DataInspectionFailed`. */
const marker = /simulate:([A-Za-z.]+)/;

/** The error code that the prompt's marker asks for, if it carries one. */
export function findMarker(prompt: string): string | undefined {
  return marker.exec(prompt)?.[1]?.replace(/\.$/, '');
}
