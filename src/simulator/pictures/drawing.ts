import type { Reference } from '../routes/references.ts';
import type { Simulation } from '../state/simulation.ts';
import { base64 } from '../util/bytes.ts';
import type { AnswerShape } from '../vendor/answer-shapes.ts';
import type { GenerationRequest } from '../vendor/generation-request.ts';
import { objectKeys } from '../vendor/object-key.ts';
import type { Size } from '../vendor/size.ts';
import { essenceOf, type Picture } from './picture.ts';
import type { PictureStore } from './picture-store.ts';

/** Pictures decided upon, but not yet in the bucket. */
export interface Drawing extends Size {
  readonly pictures: readonly Omit<Picture, 'createdAt'>[];
}

/** Decides the pictures of one request: where they will lie and what they will show. */
export async function planDrawing(
  { clock }: Simulation,
  request: GenerationRequest,
  references: readonly Reference[],
  size: Size,
  requestId: string,
): Promise<Drawing> {
  const seed = request.seed ?? Math.floor(clock.random() * 2 ** 32);
  const pictures = objectKeys(request, requestId, seed, clock).map(async (objectKey, index) => {
    const [seedOfImage, indexOfImage] = request.family.seedPerImage ? [seed + index, 0] : [seed, index];
    const essence = await essenceOf(request, references, size, seedOfImage, indexOfImage);
    return { ...size, objectKey, essence };
  });
  return { ...size, pictures: await Promise.all(pictures) };
}

/** Puts the pictures into the bucket. */
export function storeDrawing(bucket: PictureStore, drawing: Drawing, createdAt: number): void {
  for (const picture of drawing.pictures) bucket.add({ ...picture, createdAt });
}

/** How an answer of this shape names the pictures, in order: their URLs, or their bytes in base64. */
export function imageTexts(
  simulation: Simulation,
  drawing: Drawing,
  createdAt: number,
  shape: AnswerShape | undefined,
): Promise<string[]> {
  if (shape !== 'inline') return signDrawing(simulation, drawing, createdAt);
  return Promise.all(
    drawing.pictures.map(async (picture) =>
      base64(await simulation.pictures.file({ ...picture, createdAt })),
    ),
  );
}

/** The pictures' URLs in order, living as long as those of pictures made at `createdAt`. */
function signDrawing(
  { urls, urlLifetimeMs }: Simulation,
  drawing: Drawing,
  createdAt: number,
): Promise<string[]> {
  return Promise.all(
    drawing.pictures.map(({ objectKey }) => urls.sign(objectKey, createdAt + urlLifetimeMs)),
  );
}
