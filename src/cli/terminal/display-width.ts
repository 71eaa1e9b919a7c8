import stringWidth from 'string-width';

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Columns that printable text takes on a terminal: Chinese characters and emoji take two. */
export function displayWidth(text: string): number {
  return stringWidth(text);
}

/** The beginning of a text that fits, with an ellipsis where the rest is cut off. */
export function cutToWidth(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let beginning = '';
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += displayWidth(segment);
    if (width > columns - 1) break;
    beginning += segment;
  }
  return `${beginning}…`;
}
