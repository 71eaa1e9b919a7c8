import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import type { ImageInfo, ImageProbe } from '../../../src/ports/image-probe.ts';

/** One recipe that clients ask for. */
export interface KnownRecipe {
  readonly name: string;
  readonly model: string;
  readonly canonical: string;
  readonly key: string;
  /** Images that one generation of it has. */
  readonly count: number;
  /** Upstream draws it as a task. */
  readonly isAsync: boolean;
}

export const SYNC_MODEL = 'qwen-image-2.0';
export const ASYNC_MODEL = 'wan2.2-t2i-flash';

/** Prices of one image in CNY, unlike any sum of the others. */
export const PRICES: Readonly<Record<string, number>> = { [SYNC_MODEL]: 0.5, [ASYNC_MODEL]: 0.03 };

function recipe(name: string, model: string, count: number, key?: string): KnownRecipe {
  // As `buildRecipe` writes it: names in order, no space.
  const canonical = JSON.stringify({ input: { prompt: name }, model, parameters: { n: count, seed: 1 } });
  const hash = nativeHasher.xxh128(new TextEncoder().encode(canonical));
  return { name, model, canonical, key: key ?? `k1:${hash}`, count, isAsync: model === ASYNC_MODEL };
}

const kite = recipe('kite', SYNC_MODEL, 1);

/** `twin` has the key of `kite`, as if the hash had collided. */
export const RECIPES: readonly KnownRecipe[] = [
  kite,
  recipe('pair', SYNC_MODEL, 2),
  recipe('boat', ASYNC_MODEL, 1),
  recipe('fleet', ASYNC_MODEL, 2),
  recipe('twin', SYNC_MODEL, 1, kite.key),
];

/** The bytes of one image tell what they show. */
export function imageBytes(canonical: string, draw: number, index: number): Uint8Array {
  return new TextEncoder().encode(`IMG ${JSON.stringify([canonical, draw, index])}`);
}

/** What such bytes show; undefined when they are no image. */
export function readImage(
  bytes: Uint8Array,
): { readonly canonical: string; readonly draw: number; readonly index: number } | undefined {
  const text = new TextDecoder().decode(bytes);
  if (!text.startsWith('IMG ')) return undefined;
  const [canonical, draw, index]: unknown[] = JSON.parse(text.slice(4));
  return { canonical: String(canonical), draw: Number(draw), index: Number(index) };
}

const INFO: ImageInfo = { mediaType: 'image/bmp', width: 1, height: 1 };

/** Takes such bytes for images. */
export const textImageProbe: ImageProbe = {
  probe: (head) => (new TextDecoder().decode(head.subarray(0, 4)) === 'IMG ' ? INFO : undefined),
};
