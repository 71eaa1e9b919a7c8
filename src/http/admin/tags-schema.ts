import * as v from 'valibot';

const MAX_TAGS = 32;
/** Up to 64 characters without control characters, none of them a space at an end. */
const TAG = /^(?! )[^\p{C}]{1,64}(?<! )$/u;
const BAD_TAG = 'must be a text of 1 to 64 characters that are seen';

/** What people write on entries, each once. */
export const Tags = v.pipe(
  v.array(
    v.pipe(
      v.string(BAD_TAG),
      v.check((tag) => TAG.test(tag), BAD_TAG),
      v.metadata({ minLength: 1, maxLength: 64 }),
    ),
    'must be a list of texts',
  ),
  v.maxLength(MAX_TAGS, `may have ${MAX_TAGS} of them`),
  v.transform((tags): readonly string[] => [...new Set(tags)]),
);
