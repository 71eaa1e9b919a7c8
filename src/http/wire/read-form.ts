import type { Context } from 'hono';
import { readAll } from '../../core/bytes/read-all.ts';
import { AppError, invalid } from '../../core/errors.ts';
import { dataUri } from '../../core/recipe/references.ts';
import type { FormPart } from '../../ports/multipart.ts';
import type { Hold } from '../../services/requests/reference-resolver.ts';
import type { HttpOptions, HttpServices } from '../dependencies.ts';
import { bodyTooLarge, type HoldUntil, holding, readArrival, withHold } from './read-body.ts';

/** A form of text fields and pictures, read to its end. */
export interface ImageForm {
  readonly fields: ReadonlyMap<string, string>;
  /** The parts that may hold a picture, in the order of the form. */
  readonly images: readonly FormImage[];
}

export interface FormImage {
  readonly name: string;
  /** The data URI of a file, or the text of a part without one: a URL, say. */
  readonly value: string;
}

/**
 * Reads a multipart form whose parts under the names in `pictureParts` hold pictures, gives it to `use`, and holds it until
 * that has ended. A picture counts as its data URI, so that the bounds are those of a JSON body with the same. What is read
 * and dropped, as behind a part that is refused, is bounded but not held.
 *
 * Errors name the part: `invalid_request` for a file in another part and for a field given twice, `body_too_large` for a
 * file beyond `maxImage`, `reference_unavailable` for one that is no image.
 */
export async function withForm<T>(
  c: Context,
  { forms, probe, bodies, clock }: Pick<HttpServices, 'forms' | 'probe' | 'bodies' | 'clock'>,
  { maxBody, maxImage }: Pick<HttpOptions, 'maxBody' | 'maxImage'>,
  imageParts: readonly string[],
  use: (form: ImageForm, hold: Hold, holdUntil: HoldUntil) => Promise<T>,
): Promise<T> {
  return await withHold(c, { maxBytes: maxBody, budget: bodies }, async (hold, holdUntil) => {
    const fields = new Map<string, string>();
    const images: FormImage[] = [];
    let arrived = 0;
    const count = (bytes: number) => {
      arrived += bytes;
      if (arrived > maxBody) throw bodyTooLarge(maxBody);
    };
    const addField = ({ name, value }: Extract<FormPart, { kind: 'field' }>) => {
      if (fields.has(name)) throw invalid(name, 'comes twice');
      hold(value.length);
      fields.set(name, value);
    };
    const addImage = async ({ name, filename, content }: Extract<FormPart, { kind: 'file' }>) => {
      const bytes = await readAll(holding(content, hold), maxImage, () => imageTooLarge(name, maxImage));
      // A file input of a page where none was chosen.
      if (filename === '' && bytes.byteLength === 0) return;
      const info = probe.probe(bytes);
      if (info === undefined) throw noImage(name, bytes.byteLength === 0);
      const value = dataUri(info.mediaType, bytes);
      // The bytes were held as they came; the text is what stays.
      hold(value.length - bytes.byteLength);
      images.push({ name, value });
    };
    await readArrival(c, count, clock, async (chunks) => {
      for await (const part of forms.read(c.req.header('content-type') ?? '', chunks)) {
        const mayBeImage = imageParts.includes(part.name);
        if (part.kind === 'file') {
          if (!mayBeImage) throw invalid(part.name, `takes text: files go into ${imageParts[0]}`);
          await addImage(part);
        } else if (!mayBeImage) addField(part);
        else if (part.value !== '') {
          hold(part.value.length);
          images.push({ name: part.name, value: part.value });
        }
      }
    });
    return await use({ fields, images }, hold, holdUntil);
  });
}

function imageTooLarge(name: string, maxImage: number): AppError {
  return new AppError(
    'body_too_large',
    `${name}: a picture may have ${maxImage} bytes (DASHCACHE_MAX_IMAGE).`,
    { field: name },
  );
}

function noImage(name: string, isEmpty: boolean): AppError {
  const problem = isEmpty ? 'the file is empty' : 'the file is not an image of a known format';
  return new AppError('reference_unavailable', `${name}: ${problem}.`, { field: name });
}
