import { expect, it } from 'vitest';
import { endpointFor, GENERATION_ENDPOINTS } from '../../../src/core/dashscope/endpoints.ts';

/** By the last words of their paths. */
const NAMES = {
  multimodal: 'multimodal-generation/generation',
  messages: 'image-generation/generation',
  text2image: 'text2image/image-synthesis',
  image2image: 'image2image/image-synthesis',
} as const;

type Name = keyof typeof NAMES;

function service(name: Name) {
  const found = GENERATION_ENDPOINTS.find(({ path }) => path.endsWith(`/${NAMES[name]}`));
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

const ROWS: readonly (readonly [model: string, asked: Name, upstream: Name])[] = [
  // Served where it is asked for.
  ['qwen-image-3.0', 'multimodal', 'multimodal'],
  ['qwen-image-3.0', 'messages', 'messages'],
  ['qwen-image', 'text2image', 'text2image'],
  ['wan2.6-t2i', 'messages', 'messages'],
  ['wan2.5-t2i-preview', 'text2image', 'text2image'],
  ['wan2.5-i2i-preview', 'image2image', 'image2image'],
  // Only as a task.
  ['wan2.5-t2i-preview', 'multimodal', 'text2image'],
  ['wan2.2-t2i-flash', 'messages', 'text2image'],
  ['wanx2.1-imageedit', 'multimodal', 'image2image'],
  // Only at once.
  ['qwen-image-max', 'messages', 'multimodal'],
  ['z-image-turbo', 'messages', 'multimodal'],
  ['qwen-image-max', 'text2image', 'multimodal'],
  // Newer than the prompt-shaped endpoint: the vendor refuses it there.
  ['wan2.6-t2i', 'text2image', 'text2image'],
  ['wan2.7-image', 'image2image', 'image2image'],
  // Not known: the client's own word.
  ['something-new', 'image2image', 'image2image'],
  ['something-new', 'multimodal', 'multimodal'],
];

it.each(ROWS)('%s asked for at %s is drawn at %s', (model, asked, upstream) => {
  expect(endpointFor(model, service(asked))).toBe(service(upstream));
});
