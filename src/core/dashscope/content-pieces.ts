import { isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';

/** What one event tells of a message: texts and pictures in order. */
type Content = readonly JsonValue[];

/** The content of a message from what its events told of it, each the next piece: texts that follow each other are one. */
export function joinPieces(contents: readonly Content[]): JsonValue[] {
  const joined: JsonValue[] = [];
  let texts: string[] = [];
  for (const item of contents.flat()) {
    const last = joined.at(-1);
    if (isText(last) && isText(item)) {
      texts.push(item.text);
      joined[joined.length - 1] = { ...last, ...item };
    } else {
      closeText(joined, texts);
      texts = isText(item) ? [item.text] : [];
      joined.push(item);
    }
  }
  closeText(joined, texts);
  return joined;
}

/**
 * The same where each event was asked to repeat what was told before it (`incremental_output: false`). Undefined when the
 * events do not: a text that follows a text and does not begin with it is a further piece.
 */
export function joinRepetitions(contents: readonly Content[]): JsonValue[] | undefined {
  const told: Content[] = [];
  for (const content of contents) {
    const last = told.at(-1);
    if (last !== undefined && repeats(content, last)) told[told.length - 1] = content;
    else if (isText(last?.at(-1)) && isText(content[0])) return undefined;
    else if (content.length > 0) told.push(content);
  }
  return told.flat();
}

/** Whether a content begins with another, whose last text may have grown. */
function repeats(content: Content, before: Content): boolean {
  return before.every((known, index) => {
    const item = content[index];
    if (!isText(known) || !isText(item)) return imageOf(known) !== undefined && sameImage(known, item);
    return index === before.length - 1 ? item.text.startsWith(known.text) : item.text === known.text;
  });
}

/** Once for each text, not once for each of its pieces: there may be very many. */
function closeText(joined: JsonValue[], texts: readonly string[]): void {
  const last = joined.at(-1);
  if (isJsonObject(last) && texts.length > 1) joined[joined.length - 1] = { ...last, text: texts.join('') };
}

function sameImage(known: JsonValue, item: JsonValue | undefined): boolean {
  return item !== undefined && imageOf(known) === imageOf(item);
}

/** Whether an item shows a picture. */
export function isImage(item: JsonValue): boolean {
  return imageOf(item) !== undefined;
}

function imageOf(item: JsonValue): JsonValue | undefined {
  return isJsonObject(item) ? (item.image ?? undefined) : undefined;
}

function isText(item: JsonValue | undefined): item is JsonObject & { readonly text: string } {
  return isJsonObject(item) && typeof item.text === 'string' && item.image === undefined;
}
