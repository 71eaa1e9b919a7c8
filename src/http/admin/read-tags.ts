import { invalid } from '../../core/dialects/normalized-request.ts';
import { isJsonArray, type JsonValue } from '../../core/json/json-text.ts';

const MAX_TAGS = 32;
/** Up to 64 characters without control characters, none of them space at an end. */
const TAG = /^(?! )[^\p{C}]{1,64}(?<! )$/u;

/** The field `tags`: what people write on entries, each once. */
export function readTags(value: JsonValue | undefined): readonly string[] {
  if (!isJsonArray(value)) throw invalid('tags', 'must be a list of texts');
  const tags = value.map((tag, index) => {
    if (typeof tag === 'string' && TAG.test(tag)) return tag;
    throw invalid(`tags[${index}]`, 'must be a text of 1 to 64 characters that are seen');
  });
  if (tags.length > MAX_TAGS) throw invalid('tags', `may have ${MAX_TAGS} of them`);
  return [...new Set(tags)];
}
