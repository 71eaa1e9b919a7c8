/** Characters of scripts that are written without spaces, and symbols such as emoji: each is a word of its own. */
const ALONE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\p{So}]/gu;
/** What the index makes words of; see migrations/0005_inventory.sql. */
const WORD_CHARACTER = /[\p{L}\p{N}\p{Co}\p{So}]/u;
const WORDS = /[\p{L}\p{N}\p{Co}\p{So}]+/gu;
/** What would end a quoted phrase; full-width quotation marks become one. */
const NO_WORD = /["\0]/g;
/** One letter begins too many words. */
const BEGINNING = /..\*$/u;
/** Of longer prompts the rest is not searched. */
const MAX_CHARS = 20_000;

/** A text as it is indexed: one spelling for full and half width, and a space around what stands for itself. */
export function searchWords(text: string): string {
  return text.slice(0, MAX_CHARS).normalize('NFKC').replace(NO_WORD, ' ').replace(ALONE, ' $& ');
}

/** How a value to filter by is indexed: one word, whatever the value holds. */
export function facet(name: string, value: string): string {
  const bytes = new TextEncoder().encode(value);
  return name + [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * What people type, as the phrases of an FTS5 query that must all be found: words, `"several words in a row"`, and with
 * `*` at its end the beginning of a word, of two letters or more. Punctuation that stands alone is passed over; empty when there is nothing else.
 */
export function searchPhrases(typed: string): readonly string[] {
  const phrases = [...typed.matchAll(/"([^"]*)"?|([^\s"]+)/g)]
    .map(([, quoted, bare = '']) => ({ words: quoted ?? bare, isBeginning: BEGINNING.test(bare) }))
    .filter(({ words }) => WORD_CHARACTER.test(words))
    .map(({ words, isBeginning }) => `"${searchWords(words).trim()}"${isBeginning ? ' *' : ''}`);
  return [...new Set(phrases)];
}

/** How many words the index has to look up for what people type. */
export function countSearchWords(typed: string): number {
  return searchPhrases(typed).join(' ').match(WORDS)?.length ?? 0;
}
