import { isRecord, type JsonRecord } from '../util/json.ts';

/**
 * Envelopes that the documentation of a model does not have, but that clients have met or guard against: another name
 * for the list of URLs, items as chat models word them, the bytes themselves, and a success that counts a failure.
 */
export const answerShapes = ['render_urls', 'image_url', 'images', 'inline', 'failed_count'] as const;
export type AnswerShape = (typeof answerShapes)[number];

/** The `output` of a success, told in another shape; `images` are its URLs, or base64 where the shape is `inline`. */
export function reshape(output: JsonRecord, images: readonly string[], shape: AnswerShape): JsonRecord {
  const { choices: _choices, results: _results, ...rest } = output;
  switch (shape) {
    case 'render_urls':
      return { ...rest, render_urls: images };
    case 'images':
      return { ...rest, images: images.map((url) => ({ url })) };
    case 'image_url': {
      const content = images.map((url) => ({ type: 'image_url', image_url: { url } }));
      return { ...rest, choices: [{ finish_reason: 'stop', message: { content, role: 'assistant' } }] };
    }
    case 'inline':
      return Array.isArray(output.results)
        ? { ...rest, results: images.map((b64_image) => ({ b64_image })) }
        : { ...output, choices: typedBase64(output.choices) };
    case 'failed_count': {
      const counts = { FAILED: 1, SUCCEEDED: images.length, TOTAL: images.length + 1 };
      return { ...output, ...('task_id' in output ? { task_metrics: counts } : { task_metric: counts }) };
    }
  }
}

/** Each item that holds an image says that it is base64. */
function typedBase64(choices: unknown): unknown {
  if (Array.isArray(choices)) return choices.map(typedBase64);
  if (!isRecord(choices)) return choices;
  const entries = Object.entries(choices).map(([name, value]) => [
    name,
    typeof value === 'object' ? typedBase64(value) : value,
  ]);
  return { ...Object.fromEntries(entries), ...('image' in choices ? { image_type: 'base64' } : {}) };
}
