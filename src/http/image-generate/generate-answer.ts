import type { Answer } from '../../core/dashscope/answer.ts';
import { urlOf } from '../../core/dashscope/answer-assets.ts';
import { usageSizeOf } from '../../core/dashscope/usage-size.ts';
import { extensionOf } from '../../core/entries/blob.ts';
import type { Entry } from '../../core/entries/entry.ts';
import type { Cost } from '../../core/events.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-value.ts';
import { spendingOf } from '../../core/models/spending.ts';
import type { GenerateAnswerBody } from './generate-schema.ts';

/** What an answer says beside the pictures. */
export interface GenerateFacts {
  readonly requestId: string;
  readonly cached: boolean;
  /** Whether this request paid; undefined when that is not known. */
  readonly paid: boolean | undefined;
  readonly key: string | undefined;
  readonly simplifiedPrompt: string | undefined;
}

/** What is known of pictures that were not kept. */
export interface UnstoredFacts {
  readonly model: string;
  /** As it was asked for. */
  readonly size: string | undefined;
  readonly seed: number | undefined;
  readonly cost: Cost | undefined;
}

/** The answer that an entry is. `base` is where blobs are served. */
export function answerOfEntry(entry: Entry, base: string, facts: GenerateFacts): GenerateAnswerBody {
  const images = entry.images.map(({ digest, size, mediaType, width, height }) => ({
    url: `${base}/blobs/${digest}.${extensionOf(mediaType)}`,
    width,
    height,
    sha256: digest,
    media_type: mediaType,
    bytes: size,
  }));
  return {
    ...headOf(images),
    seed: seedOf(entry.canonical),
    images,
    ...restOf(facts, entry.model, entry.cost),
    take: entry.take,
  };
}

/** The answer that a success of upstream's is which could not be kept: its own URLs, which die. */
export function answerOfUnstored(
  answer: Answer,
  { model, size, seed, cost }: UnstoredFacts,
  facts: GenerateFacts,
): GenerateAnswerBody {
  const pixels = usageSizeOf(answer.usage, size);
  const images = answer.assets.map((asset) => ({
    url: urlOf(asset),
    width: pixels?.width ?? null,
    height: pixels?.height ?? null,
    sha256: null,
    media_type: null,
    bytes: null,
  }));
  return {
    ...headOf(images),
    seed: seed ?? null,
    images,
    ...restOf(facts, model, cost),
    take: null,
  };
}

function headOf([first]: GenerateAnswerBody['images']) {
  return { image_url: first?.url ?? '', width: first?.width ?? null, height: first?.height ?? null };
}

function restOf(
  { requestId, cached, paid, key, simplifiedPrompt }: GenerateFacts,
  model: string,
  cost: Cost | undefined,
) {
  return {
    cached,
    ...(key === undefined ? {} : { key }),
    model,
    cost: cost ?? null,
    ...(paid === undefined ? { spent: null, avoided: null } : spendingOf({ cost, cached: !paid })),
    request_id: requestId,
    ...(simplifiedPrompt === undefined ? {} : { simplified_prompt: simplifiedPrompt }),
  };
}

/** The seed in a recipe: the vendor tells none. */
function seedOf(canonical: string): number | null {
  const recipe: JsonValue = JSON.parse(canonical);
  const parameters = isJsonObject(recipe) ? recipe.parameters : undefined;
  const seed = isJsonObject(parameters) ? parameters.seed : undefined;
  return typeof seed === 'number' ? seed : null;
}
