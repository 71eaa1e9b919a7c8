import * as v from 'valibot';
import { closed, means, open, type Read } from '../../core/schema.ts';

const Tokens = means(
  "The vendor's count of tokens, where it has one.",
  open({
    input_tokens: v.number(),
    input_tokens_details: open({ image_tokens: v.number(), text_tokens: v.number() }),
    output_tokens: v.number(),
    total_tokens: v.number(),
  }),
);
export type TokenUsage = Read<typeof Tokens>;

/** What was drawn, in OpenAI's words. What is not known is left out. */
export const OpenAiImages = closed({
  created: means('Seconds of the epoch.', v.pipe(v.number(), v.integer())),
  data: v.pipe(
    v.array(
      means(
        'One of the two, as was asked for.',
        closed({
          url: v.exactOptional(v.pipe(v.string(), v.url())),
          b64_json: v.exactOptional(v.pipe(v.string(), v.base64())),
        }),
      ),
    ),
    v.minLength(1),
  ),
  size: v.exactOptional(v.pipe(v.string(), v.regex(/^\d+x\d+$/))),
  output_format: v.exactOptional(v.string()),
  usage: v.exactOptional(Tokens),
});
export type OpenAiImagesBody = Read<typeof OpenAiImages>;

/** An error as OpenAI's SDKs read it. */
export const OpenAiError = closed({
  error: closed({
    message: v.string(),
    type: v.picklist(['invalid_request_error', 'rate_limit_error', 'server_error']),
    param: means('The field at fault.', v.nullable(v.string())),
    code: v.string(),
  }),
});
export type OpenAiErrorBody = Read<typeof OpenAiError>;

export const OpenAiModel = closed({
  id: v.string(),
  object: v.literal('model'),
  created: means('Not known.', v.literal(0)),
  owned_by: v.string(),
});
export type OpenAiModelBody = Read<typeof OpenAiModel>;

export const OpenAiModelList = closed({ object: v.literal('list'), data: v.array(OpenAiModel) });
export type OpenAiModelListBody = Read<typeof OpenAiModelList>;
