import type { Clock } from '../../ports/clock.ts';
import { base64 } from '../util/bytes.ts';
import type { AnswerShape } from '../vendor/answer-shapes.ts';
import type { GenerationRequest } from '../vendor/generation-request.ts';
import { objectKeys } from '../vendor/object-key.ts';
import type { Size } from '../vendor/size.ts';
import { type DrawnImage, essenceOf } from './drawn-image.ts';
import type { ImageStore } from './image-store.ts';
import type { Reference } from './reference.ts';
import type { ResultUrls } from './result-urls.ts';

/** Where drawn images lie, and how long their URLs live. */
export interface ImageBucket {
  readonly images: ImageStore;
  readonly urls: ResultUrls;
  readonly urlLifetimeMs: number;
}

/** Images decided upon, but not yet in the bucket. */
export interface Drawing extends Size {
  readonly images: readonly Omit<DrawnImage, 'createdAt'>[];
}

/** Decides the images of one request: where they will lie and what they will show. */
export async function planDrawing(
  clock: Clock,
  request: GenerationRequest,
  references: readonly Reference[],
  size: Size,
  requestId: string,
): Promise<Drawing> {
  const seed = request.seed ?? Math.floor(clock.random() * 2 ** 32);
  const images = objectKeys(request, requestId, seed, clock).map(async (objectKey, index) => {
    const [seedOfImage, indexOfImage] = request.family.seedPerImage ? [seed + index, 0] : [seed, index];
    const essence = await essenceOf(request, references, size, seedOfImage, indexOfImage);
    return { ...size, objectKey, essence };
  });
  return { ...size, images: await Promise.all(images) };
}

/** Puts the images into the bucket. */
export function storeDrawing(images: ImageStore, drawing: Drawing, createdAt: number): void {
  for (const image of drawing.images) images.add({ ...image, createdAt });
}

/** How an answer of this shape names the images, in order: their URLs, or their bytes in base64. */
export function imageTexts(
  bucket: ImageBucket,
  drawing: Drawing,
  createdAt: number,
  shape: AnswerShape | undefined,
): Promise<string[]> {
  if (shape !== 'inline') return signDrawing(bucket, drawing, createdAt);
  return Promise.all(
    drawing.images.map(async (image) => base64(await bucket.images.file({ ...image, createdAt }))),
  );
}

/** The images' URLs in order, living as long as those of images made at `createdAt`. */
function signDrawing(
  { urls, urlLifetimeMs }: ImageBucket,
  drawing: Drawing,
  createdAt: number,
): Promise<string[]> {
  return Promise.all(drawing.images.map(({ objectKey }) => urls.sign(objectKey, createdAt + urlLifetimeMs)));
}
