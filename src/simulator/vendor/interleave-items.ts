import type { JsonRecord } from '../util/json.ts';
import type { Size } from './size.ts';

const TOKENS_PER_TEXT = 3;

/** Texts and images in turn: for each image a sentence in two pieces, then the image. */
export function interleavedItems(urls: readonly string[]): JsonRecord[][] {
  return urls.map((image, index) => [
    { type: 'text', text: `Step ${index + 1}: look ` },
    { type: 'text', text: 'at the picture. ' },
    { type: 'image', image },
  ]);
}

/** Usage after so many texts and images; without an image there is no size yet. */
export function interleavedUsage(
  prompt: string,
  texts: number,
  images: number,
  { width, height }: Size,
): JsonRecord {
  const input = prompt.trim().split(/\s+/).length;
  const output = texts * TOKENS_PER_TEXT;
  return {
    total_tokens: input + output,
    image_count: images,
    output_tokens: output,
    size: images > 0 ? `${width}*${height}` : '0*0',
    input_tokens: input,
  };
}
