import type { JsonRecord } from '../util/json.ts';
import { type AnswerShape, reshape } from './answer-shapes.ts';
import type { AnsweredRequest } from './generation-request.ts';
import { interleavedItems, interleavedUsage } from './interleave-items.ts';
import type { Size } from './size.ts';

/** Above this many pixels the third generation bills a 2K image. */
const QIMA_1K_PIXELS = 2_250_000;

/** What a finished generation yields: its images' URLs (or base64) in order, or words instead of them. */
export interface Outcome extends Size {
  readonly urls: readonly string[];
  /** References that were read. */
  readonly inputImages: number;
  /** Set when the model answers in words alone. */
  readonly words?: string;
  /** Set when it is to be told in an envelope of another kind. */
  readonly shape?: AnswerShape;
}

/** The success body in the wording of the request's family. */
export function successBody(
  request: AnsweredRequest,
  outcome: Outcome,
  requestId: string,
): { readonly output: JsonRecord; readonly usage: JsonRecord; readonly request_id: string } {
  const output = { choices: choicesOf(request, outcome), ...outputExtras(request, outcome) };
  return {
    output: outcome.shape ? reshape(output, outcome.urls, outcome.shape) : output,
    usage: usageOf(request, outcome),
    request_id: requestId,
  };
}

function choicesOf(request: AnsweredRequest, outcome: Outcome): JsonRecord[] {
  const { envelope, choicePerImage } = request.family;
  const typed = envelope === 'qwen3' || envelope === 'wan';
  const text = (words: string) => (typed ? { text: words, type: 'text' } : { text: words });
  const items: JsonRecord[] = request.interleaved
    ? interleavedItems(outcome.urls).flat()
    : outcome.urls.map((image) => (typed ? { image, type: 'image' } : { image }));
  if (outcome.words !== undefined) items.push(text(outcome.words));
  if (choicePerImage && !request.interleaved && items.length > 0) return items.map((item) => choice([item]));
  if (envelope !== 'z-image') return [choice(items)];
  const reasoning = request.promptExtend
    ? { reasoning_content: 'The request is short, so setting and light are added.' }
    : {};
  return [choice([...items, text(readPrompt(request))], reasoning)];
}

function choice(content: readonly JsonRecord[], extras: JsonRecord = {}): JsonRecord {
  return { finish_reason: 'stop', message: { content, role: 'assistant', ...extras } };
}

function readPrompt({ prompt, promptExtend }: AnsweredRequest): string {
  return promptExtend ? extendedPrompt(prompt) : prompt;
}

/** A prompt as the vendor's rewriting leaves it. */
export function extendedPrompt(prompt: string): string {
  return `${prompt}, seen at dusk under a wide sky, soft warm light`;
}

function outputExtras(request: AnsweredRequest, { urls }: Outcome): JsonRecord {
  switch (request.family.envelope) {
    case 'qwen':
      return {
        task_metric: {
          FAILED: request.count - urls.length,
          SUCCEEDED: urls.length,
          TOTAL: request.count,
        },
      };
    case 'qwen3':
      return request.promptExtend ? { rewrite_status: 'success' } : {};
    case 'wan':
      return { finished: true };
    case 'qwen2':
    case 'z-image':
      return {};
  }
}

function usageOf(request: AnsweredRequest, { width, height, urls, inputImages }: Outcome): JsonRecord {
  const pixels = { width, height, image_count: urls.length };
  switch (request.family.envelope) {
    case 'qwen':
    case 'qwen2':
      return pixels;
    case 'qwen3':
      return {
        input_image_count: inputImages,
        ...(inputImages > 0 ? { input_image_type: 'qima_input' } : {}),
        output_width: width,
        output_height: height,
        output_image_count: urls.length,
        output_image_type: width * height > QIMA_1K_PIXELS ? 'qima_output_2k' : 'qima_output_1k',
      };
    case 'wan':
      if (request.interleaved) return interleavedUsage(request.prompt, urls.length * 2, urls.length, pixels);
      return {
        image_count: urls.length,
        input_tokens: 0,
        output_tokens: 0,
        size: `${width}*${height}`,
        total_tokens: 0,
      };
    case 'z-image':
      return { ...pixels, ...tokensOf(request) };
  }
}

function tokensOf(request: AnsweredRequest): JsonRecord {
  if (!request.promptExtend) {
    return {
      input_tokens: 0,
      output_tokens: 0,
      total_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
    };
  }
  const input = 60 + Math.ceil(request.prompt.length / 4);
  return {
    input_tokens: input,
    output_tokens: 231,
    total_tokens: input + 231,
    output_tokens_details: { reasoning_tokens: 140 },
  };
}

/** A refusal under status 200, which several clients guard against. */
export function refusedBody(requestId: string): JsonRecord {
  return { code: 'InvalidParameter', message: 'size is not supported', request_id: requestId };
}
