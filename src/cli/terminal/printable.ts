/**
 * What a terminal does not show but obeys, or shows elsewhere: controls, what turns the direction of writing, ends of
 * lines, half characters. The two joiners are part of emoji and of some languages' spelling.
 */
const UNSEEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const NAMES: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** Text of strangers, such as prompts, on one line on which it can do nothing but be read. */
export function printable(text: string): string {
  return text.replace(UNSEEN, (char) => NAMES.get(char) ?? `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** A value as one line of JSON that is harmless on a terminal, too. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSEEN, (char) =>
    Array.from(
      { length: char.length },
      (_, index) => `\\u${char.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
