import {
  findStrings,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from '../json/json-text.ts';

/** A piece of an answer's text: as it is, or the place of what differs from answer to answer. */
export type TemplatePart = string | { readonly image: number } | { readonly requestId: true };

/** The vendor's answer, whole, with holes where the image URLs and the request id stood. */
export type AnswerTemplate = readonly TemplatePart[];

export interface Answer {
  /** The result URLs, in the order of the answer. */
  readonly imageUrls: readonly string[];
  readonly template: AnswerTemplate;
  readonly requestId: string | undefined;
  /** `usage` as JSON text. */
  readonly usage: string | undefined;
  /** Texts beside or instead of pictures. */
  readonly texts: readonly string[];
}

/** The vendor refused or failed, in a body that came with status 200 (`{code, message}` and no output). */
export interface Refusal {
  readonly refusal: string;
}

/**
 * Takes a success apart. Numbers and unknown fields keep their exact spelling, because the template is the text itself.
 * Images stand in `output.choices[].message.content[].image` or in `output.results[].url`.
 */
export function readAnswer(text: string, value: JsonValue): Answer | Refusal {
  if (!isJsonObject(value) || !isJsonObject(value.output)) {
    const code = isJsonObject(value) && typeof value.code === 'string' ? value.code : 'no output';
    return { refusal: code };
  }
  const images = new Map<string, number>();
  const imageUrls: string[] = [];
  const parts: TemplatePart[] = [];
  let at = 0;
  for (const token of findStrings(text, (path) => isRequestId(path) || isImage(path))) {
    parts.push(text.slice(at, token.start));
    at = token.end;
    if (isRequestId(token.path)) {
      parts.push({ requestId: true });
      continue;
    }
    const url = String(JSON.parse(text.slice(token.start, token.end)));
    const known = images.get(url);
    const index = known ?? imageUrls.push(url) - 1;
    images.set(url, index);
    parts.push({ image: index });
  }
  parts.push(text.slice(at));
  return {
    imageUrls,
    template: parts,
    requestId: typeof value.request_id === 'string' ? value.request_id : undefined,
    usage: isJsonObject(value.usage) ? JSON.stringify(value.usage) : undefined,
    texts: textsOf(value.output),
  };
}

/** The answer's text with these URLs, in pieces between which the request id goes, escaped for a JSON string. */
export function splitAnswer(template: AnswerTemplate, imageUrl: (index: number) => string): string[] {
  const pieces = [''];
  const append = (text: string) => pieces.push(`${pieces.pop() ?? ''}${text}`);
  for (const part of template) {
    if (typeof part === 'string') append(part);
    else if ('image' in part) append(JSON.stringify(imageUrl(part.image)));
    else {
      append('"');
      pieces.push('"');
    }
  }
  return pieces;
}

/** The answer's text with these URLs and this request id. */
export function renderAnswer(
  template: AnswerTemplate,
  imageUrl: (index: number) => string,
  requestId: string,
): string {
  return splitAnswer(template, imageUrl).join(JSON.stringify(requestId).slice(1, -1));
}

/** Reads a template back from its row. */
export function parseTemplate(text: string): AnswerTemplate {
  const parts: AnswerTemplate = JSON.parse(text);
  return parts;
}

function isRequestId(path: JsonPath): boolean {
  return path.length === 1 && path[0] === 'request_id';
}

function isImage(path: JsonPath): boolean {
  if (path[0] !== 'output') return false;
  const isChoice = path[1] === 'choices' && path[3] === 'message' && path[4] === 'content';
  if (path.length === 7 && isChoice) return path[6] === 'image';
  return path.length === 4 && path[1] === 'results' && path[3] === 'url';
}

function textsOf(output: JsonObject): string[] {
  if (!isJsonArray(output.choices)) return [];
  return output.choices.flatMap((choice) => {
    if (!isJsonObject(choice) || !isJsonObject(choice.message)) return [];
    const { content } = choice.message;
    if (typeof content === 'string') return [content];
    if (!isJsonArray(content)) return [];
    return content.flatMap((item) =>
      isJsonObject(item) && typeof item.text === 'string' ? [item.text] : [],
    );
  });
}
