import * as v from 'valibot';
import { MAX_TAKE } from '../cache/directives.ts';
import { AppError, invalid } from '../errors.ts';
import { canonicalSize } from '../recipe/recipe.ts';
import { isBase64DataUri, isOssUrl } from '../recipe/references.ts';
import { means, whole } from '../schema.ts';

/** The vendor's bound. */
const MAX_SEED = 2 ** 31 - 1;
const NOT_TEXT = 'must be a string';
const NO_PROMPT = 'is missing: it says what to draw';
const NO_SIZE = 'is missing: it is needed as W*H, such as 1024*1024';
const BAD_SIZE = 'must be W*H in pixels, such as 1024*1024 or 768*1024';
const SIZE = /^([1-9]\d{0,4}[*xX][1-9]\d{0,4}|[1-4]K)$/;
const OPEN_SIZE = new RegExp(`^(auto)?$|${SIZE.source}`);

/** Null is absent, as SDKs send it. */
export function words(meaning: string) {
  return means(meaning, v.nullish(v.string(NOT_TEXT)));
}

/** What a field is told that needs a value: `missing` where there is none, `wrong` where it is another. */
function unless(missing: string, wrong: string) {
  return ({ input }: { readonly input: unknown }) =>
    input === undefined || input === null ? missing : wrong;
}

export const Prompt = means(
  'What to draw.',
  v.pipe(v.string(unless(NO_PROMPT, NOT_TEXT)), v.regex(/\S/, NO_PROMPT)),
);

/** `W*H` as the vendor spells it, or one of its names for a size. */
export const Size = v.pipe(
  v.string(unless(NO_SIZE, NOT_TEXT)),
  v.nonEmpty(NO_SIZE),
  v.regex(SIZE, BAD_SIZE),
  v.transform(canonicalSize),
  v.description('Width and height in pixels as `W*H`, or a name that the model knows, such as `2K`.'),
);

/** The same where the model may choose. */
export const OpenSize = means(
  '`WxH` in pixels. Absent or `auto`: the model chooses.',
  v.nullish(v.pipe(v.string(NOT_TEXT), v.regex(OPEN_SIZE, BAD_SIZE), v.transform(canonicalSize))),
);

/** The id of a model. */
export function modelField(otherwise: string) {
  return v.pipe(
    v.nullish(v.string(NOT_TEXT)),
    v.metadata({ description: 'An official id.', default: otherwise }),
  );
}

/** What both interfaces of our own take beside the prompt, the size and the images. */
export const WISH_FIELDS = {
  negative_prompt: words('What not to draw.'),
  style: words('How to draw it, in words of the model.'),
  seed: means(
    'Absent, null or -1: any seed. A model may not follow it to the pixel.',
    v.nullish(whole(-1, MAX_SEED, `must be a whole number from 0 to ${MAX_SEED}, or -1 for any`)),
  ),
  n: v.pipe(
    v.nullish(whole(1, Number.MAX_SAFE_INTEGER, 'must be a whole number of at least 1')),
    v.metadata({ description: 'How many images.', default: 1 }),
  ),
  take: means('Which take of this image. One that is not stored is bought.', v.nullish(whole(1, MAX_TAKE))),
};

const Reference = v.pipe(
  v.string(NOT_TEXT),
  v.check(
    (text) => /^https?:\/\//i.test(text) || isBase64DataUri(text) || isOssUrl(text),
    ({ input }) =>
      input.length >= 64 && /^[A-Za-z0-9+/_=\s-]+$/.test(input)
        ? 'plain base64 needs its type in front, as in data:image/png;base64,…'
        : 'a reference image is an http(s) URL, a data:…;base64 URI or an oss:// name',
  ),
  v.description('An http(s) URL, a `data:…;base64,` URI, an `oss://` name or the URL of a stored image.'),
);

/** One image to draw from, or several in their order. */
export const References = v.union([Reference, v.array(Reference)], NOT_TEXT);

/** The same where there must be one. */
export function someReferences(missing: string) {
  const several = v.pipe(v.array(Reference), v.minLength(1, missing));
  return v.union([Reference, several], unless(missing, NOT_TEXT));
}

/** The error about a field. An image that is named in no way that is understood has a code of its own. */
export function refuseWish(field: string, problem: string, check: string): AppError {
  if (check !== 'check') return invalid(field, problem);
  return new AppError('reference_refused', `${field}: ${problem}.`, { field });
}

/** The fields of `WISH_FIELDS` as a wish has them: null, -1 for a seed and the empty text say nothing. */
export function wishOf(body: v.InferOutput<v.ObjectSchema<typeof WISH_FIELDS, undefined>>) {
  return {
    negativePrompt: body.negative_prompt || undefined,
    style: body.style || undefined,
    seed: body.seed === -1 ? undefined : (body.seed ?? undefined),
    n: body.n ?? 1,
    take: body.take ?? undefined,
  };
}

/** One image or a list of them as a list. */
export function referencesOf(given: string | readonly string[] | null | undefined): readonly string[] {
  return typeof given === 'string' ? [given] : (given ?? []);
}
