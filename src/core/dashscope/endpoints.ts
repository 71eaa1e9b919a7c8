/** An endpoint of the vendor's that draws pictures. */
export interface GenerationEndpoint {
  readonly path: string;
  /** Upstream it answers with a task; otherwise with the picture. Here every endpoint does either, as it is asked. */
  readonly isAsync: boolean;
  /** How the request is shaped: `input.messages` or `input.prompt`. */
  readonly shape: RequestShape;
  /** How the answer is shaped: `output.choices` or `output.results`. */
  readonly family: AnswerFamily;
}

export type RequestShape = 'messages' | 'prompt';

export type AnswerFamily = 'choices' | 'results';

export const MULTIMODAL: GenerationEndpoint = {
  path: '/api/v1/services/aigc/multimodal-generation/generation',
  isAsync: false,
  shape: 'messages',
  family: 'choices',
};
const IMAGE_GENERATION: GenerationEndpoint = {
  path: '/api/v1/services/aigc/image-generation/generation',
  isAsync: true,
  shape: 'messages',
  family: 'choices',
};
const TEXT2IMAGE: GenerationEndpoint = {
  path: '/api/v1/services/aigc/text2image/image-synthesis',
  isAsync: true,
  shape: 'prompt',
  family: 'results',
};
const IMAGE2IMAGE: GenerationEndpoint = {
  path: '/api/v1/services/aigc/image2image/image-synthesis',
  isAsync: true,
  shape: 'prompt',
  family: 'results',
};

/**
 * How an endpoint answers a request that can be said in these shapes. The older models on the path of messages take fields of
 * their own, and answer like the prompt-shaped ones.
 */
export function answerFamilyOf(
  { isAsync, family }: GenerationEndpoint,
  shapes: readonly RequestShape[],
): AnswerFamily {
  return isAsync && !shapes.includes('messages') ? 'results' : family;
}

/** Every endpoint that a client may ask. */
export const GENERATION_ENDPOINTS: readonly GenerationEndpoint[] = [
  MULTIMODAL,
  IMAGE_GENERATION,
  TEXT2IMAGE,
  IMAGE2IMAGE,
];

/**
 * Which endpoints serve a model, from the vendor's API pages and published captures (October 2026): the first pattern
 * that fits counts. Where the sources disagree only what is proven is here (qwen-image-max: sync).
 */
const SERVED: readonly (readonly [pattern: RegExp, services: readonly GenerationEndpoint[]])[] = [
  [/^qwen-image-(3\.0|2\.1)/, [MULTIMODAL, IMAGE_GENERATION]],
  [/^qwen-image(-plus)?$/, [MULTIMODAL, TEXT2IMAGE]],
  [/^(qwen-image|z-image)/, [MULTIMODAL]],
  [/^wan2\.[67]-/, [MULTIMODAL, IMAGE_GENERATION]],
  [/^wan(x)?(2\.[0-5]-t2i|-v1)/, [TEXT2IMAGE]],
  [/^(wan2\.5-i2i|wanx2\.1-imageedit)/, [IMAGE2IMAGE]],
];

/** The families in which a model's endpoints answer; undefined for a model that is not known. */
export function familiesOf(model: string): readonly AnswerFamily[] | undefined {
  const served = SERVED.find(([pattern]) => pattern.test(model))?.[1];
  return served && [...new Set(served.map(({ family }) => family))];
}

/**
 * The endpoint to ask upstream: the client's own if the model is served there, or is not known; else the one whose
 * style is nearest to what the client asked for.
 */
export function endpointFor(model: string, asked: GenerationEndpoint): GenerationEndpoint {
  const served = SERVED.find(([pattern]) => pattern.test(model))?.[1];
  if (served === undefined || served.includes(asked)) return asked;
  const sameStyle = served.find(({ isAsync }) => isAsync === asked.isAsync);
  if (sameStyle === undefined) return served[0] ?? asked;
  // The prompt-shaped endpoints are older than the message-shaped ones, and refuse the models that came after them.
  return asked.shape === 'prompt' && sameStyle.shape === 'messages' ? asked : sameStyle;
}
