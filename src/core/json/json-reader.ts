import type { JsonValue } from './json-value.ts';

/**
 * The value of a text that `JSON.parse` accepts, with the names as they are spelled: V8 of Node 24 can take a name that
 * holds an escape for another that an object of the same shape had before (`"\u0061"` for `"\\"`).
 */
export function readJson(text: string): JsonValue {
  let at = 0;
  const take = (end: number): string => {
    const token = text.slice(at, end);
    at = end;
    return token;
  };
  const peek = (): string => {
    at = lengthOf(/[\s,:]*/y, text, at);
    return text.charAt(at);
  };
  const leaf = (): JsonValue =>
    JSON.parse(take(peek() === '"' ? stringEnd(text, at) : lengthOf(/[^\s,\]}]*/y, text, at)));
  const all = <T>(close: string, item: () => T): T[] => {
    at += 1;
    const items: T[] = [];
    while (peek() !== close) items.push(item());
    at += 1;
    return items;
  };
  const value = (): JsonValue => {
    switch (peek()) {
      case '{':
        return Object.fromEntries(all('}', (): [string, JsonValue] => [String(leaf()), value()]));
      case '[':
        return all(']', value);
      default:
        return leaf();
    }
  };
  return value();
}

/** The position behind the closing quote. Jumps from quote to quote: a data URI of many megabytes is one step. */
export function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1) {
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    quote = text.indexOf('"', quote + 1);
  }
  return text.length;
}

/** Where what the sticky pattern matches at a place ends. */
export function lengthOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return at + (pattern.exec(text)?.[0].length ?? 0);
}
