/**
 * What a terminal obeys instead of showing, or shows in another place: control characters, changes of direction, line
 * ends, lone surrogates. The two joiners stay: emoji and some languages need them.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const NAMES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** A stranger's text, such as a prompt, on one line and unable to do anything to the terminal. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (char) => NAMES.get(char) ?? `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** A value as one line of JSON that is harmless on a terminal. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (char) =>
    Array.from(
      { length: char.length },
      (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
