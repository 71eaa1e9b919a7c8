import { base64Pieces } from '../../core/bytes/base64.ts';
import { extensionOf } from '../../core/entries/blob.ts';
import type { Entry, EntryImage } from '../../core/entries/entry.ts';
import { AppError } from '../../core/errors.ts';
import { isJsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { BlobStore } from '../../services/blobs/blob-store.ts';
import type { OpenAiImagesBody, TokenUsage } from './openai-schema.ts';

/** Stands where base64 goes. A URL holds none. */
const HOLE = '\u0000';
const HOLE_TEXT = '\\u0000';

/** The answer that an entry is: with the pictures' URLs under `base`, or without one with holes for their base64. */
export function responseOfEntry(
  { images, createdAt, usage }: Entry,
  base: string | undefined,
  hasReferences: boolean,
): OpenAiImagesBody {
  const tokens = hasReferences ? undefined : tokensOf(usage);
  const size = common(images.map(({ width, height }) => `${width}x${height}`));
  const format = common(images.map(({ mediaType }) => mediaType.replace('image/', '')));
  return {
    created: Math.floor(createdAt / 1000),
    data: images.map((image) =>
      base === undefined ? { b64_json: HOLE } : { url: `${base}/blobs/${nameOf(image)}` },
    ),
    ...(size === undefined ? {} : { size }),
    ...(format === undefined ? {} : { output_format: format }),
    ...(tokens === undefined ? {} : { usage: tokens }),
  };
}

/** The answer as the events of a stream: one for each picture, since nothing can be shown before it is there. */
export function eventsOf(
  { created, data, usage, ...facts }: OpenAiImagesBody,
  kind: 'image_generation' | 'image_edit',
): string {
  const type = `${kind}.completed`;
  return data
    .map((image, index) => {
      // Of all pictures together: said once, with the last.
      const last = index === data.length - 1 && usage !== undefined ? { usage } : {};
      const event = { type, created_at: created, ...facts, quality: 'auto', background: 'auto', ...last };
      return `event: ${type}\ndata: ${JSON.stringify({ ...event, ...image })}\n\n`;
    })
    .join('');
}

/** An answer's text with the holes filled from the blobs, read while it is sent. Fails when one is gone or damaged. */
export async function* fillHoles(
  text: string,
  images: readonly EntryImage[],
  blobs: Pick<BlobStore, 'read'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  for (const [index, piece] of text.split(HOLE_TEXT).entries()) {
    const image = images[index - 1];
    if (image !== undefined) yield* base64Of(image, blobs);
    yield encoder.encode(piece);
  }
}

async function* base64Of(
  { digest, size }: EntryImage,
  blobs: Pick<BlobStore, 'read'>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const content = await blobs.read(digest);
  if (content?.size !== size) throw new AppError('storage_failed', `The blob ${digest} is gone or damaged.`);
  yield* base64Pieces(content.body instanceof Uint8Array ? [content.body] : content.body);
}

/**
 * The vendor's count of tokens, for the models where it is one: others say 0. OpenAI wants to know which of them were text,
 * and without references they all were.
 */
function tokensOf(usage: string | undefined): TokenUsage | undefined {
  const value: JsonValue = usage === undefined ? null : JSON.parse(usage);
  if (!isJsonObject(value)) return undefined;
  const { input_tokens: input, output_tokens: output, total_tokens: total } = value;
  if (typeof input !== 'number' || typeof output !== 'number' || typeof total !== 'number' || total === 0)
    return undefined;
  return {
    input_tokens: input,
    input_tokens_details: { image_tokens: 0, text_tokens: input },
    output_tokens: output,
    total_tokens: total,
  };
}

/** What all are; undefined when they differ. */
function common(values: readonly string[]): string | undefined {
  const [first] = values;
  return values.every((value) => value === first) ? first : undefined;
}

function nameOf({ digest, mediaType }: EntryImage): string {
  return `${digest}.${extensionOf(mediaType)}`;
}
