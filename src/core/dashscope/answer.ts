import { findStrings, type JsonPath } from '../json/json-text.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { type AnswerAsset, assetOf, isBase64Field, resultItemOf } from './answer-assets.ts';

/** A piece of an answer's text: as it is, or the place of what differs from answer to answer. */
export type TemplatePart = string | { readonly image: number } | { readonly requestId: true };

/** The vendor's answer, whole, with holes where its files and the request id stood. */
export type AnswerTemplate = readonly TemplatePart[];

/** What every answer may say, whatever it comes to. */
export interface AnswerFacts {
  readonly requestId: string | undefined;
  /** `usage` as JSON text. */
  readonly usage: string | undefined;
  /** Words beside or instead of pictures. */
  readonly texts: readonly string[];
}

/** A success with its files. */
export interface Answer extends AnswerFacts {
  readonly kind: 'assets';
  /** In the order of the answer, each once; at least one. */
  readonly assets: readonly AnswerAsset[];
  /** Results that it shows. An echo of an input is an asset, but no result. */
  readonly imageCount: number;
  /** Results that it says have failed. */
  readonly failed: number;
  /** Holds no base64: inline files leave a hole like URLs. */
  readonly template: AnswerTemplate;
}

/** What a 2xx answer comes to. */
export type AnswerReading =
  | Answer
  /** A job, whose files are to come. */
  | (AnswerFacts & { readonly kind: 'task'; readonly taskId: string })
  /** It says itself that there is no picture. */
  | (AnswerFacts & { readonly kind: 'none'; readonly failed: number })
  /** An error that came with a 2xx. */
  | (AnswerFacts & {
      readonly kind: 'refusal';
      readonly code: string;
      readonly message: string | undefined;
    })
  /** Anything else: a gateway's page, nothing, JSON that was cut off, an envelope that nobody knows. It may have been paid for. */
  | (AnswerFacts & { readonly kind: 'not-understood' });

/** What upstream says of success, in any of its statuses. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/**
 * Takes the body of a 2xx answer apart. Never throws. Files count before all else, then a task; only an answer that says so
 * itself has none. Numbers and unknown fields keep their exact spelling, because the template is the text itself.
 */
export function readAnswer(body: Uint8Array): AnswerReading {
  const text = new TextDecoder().decode(body);
  const value = parse(text);
  if (!isJsonObject(value)) return { kind: 'not-understood', ...NO_FACTS };
  const facts = readAnswerFacts(value);
  const failed = failuresOf(value);
  const found = takeApart(text, assetOf);
  if (found.assets.length > 0) return { kind: 'assets', ...facts, ...found, failed };
  const taskId = taskIdIn(text);
  if (taskId !== undefined) return { kind: 'task', ...facts, taskId };
  const refusal = refusalOf(value);
  if (refusal !== undefined) return { kind: 'refusal', ...facts, ...refusal };
  if (saysNoImage(value, facts.texts)) return { kind: 'none', ...facts, failed };
  return { kind: 'not-understood', ...facts };
}

const NO_FACTS: AnswerFacts = { requestId: undefined, usage: undefined, texts: [] };

/** What an answer says beside its files. */
export function readAnswerFacts(value: JsonValue): AnswerFacts {
  if (!isJsonObject(value)) return NO_FACTS;
  return {
    requestId: typeof value.request_id === 'string' ? value.request_id : undefined,
    usage: isJsonObject(value.usage) ? JSON.stringify(value.usage) : undefined,
    texts: isJsonObject(value.output) ? textsOf(value.output) : [],
  };
}

/** The files of an answer's text, and the text with holes in their places. `fileAt` tells which strings are files. */
export function takeApart(
  text: string,
  fileAt: (path: JsonPath, value: string) => AnswerAsset | undefined,
): Pick<Answer, 'assets' | 'imageCount' | 'template'> {
  const indexes = new Map<string, number>();
  const assets: AnswerAsset[] = [];
  const items = new Map<string, number>();
  const template: TemplatePart[] = [];
  let at = 0;
  for (const { path, start, end } of findStrings(text, () => true)) {
    if (isRequestId(path)) {
      template.push(text.slice(at, start), { requestId: true });
      at = end;
      continue;
    }
    const value = String(JSON.parse(text.slice(start, end)));
    const asset = fileAt(path, value);
    if (asset === undefined) continue;
    const index = indexes.get(value) ?? assets.push(asset) - 1;
    indexes.set(value, index);
    const item = resultItemOf(path);
    if (item !== undefined && !items.has(item)) items.set(item, index);
    template.push(isBase64Field(path) ? namedUrl(text.slice(at, start)) : text.slice(at, start));
    template.push({ image: index });
    at = end;
  }
  template.push(text.slice(at));
  const results = new Set(items.values()).size;
  return { assets, template, imageCount: results === 0 ? assets.length : results };
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

function parse(text: string): JsonValue | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch {
    // A gateway's page, or JSON that was cut off: what it says is not understood.
    return undefined;
  }
}

function isRequestId(path: JsonPath): boolean {
  return path.length === 1 && path[0] === 'request_id';
}

/** A text that ends in the name of a base64 field and its colon, with the name of a URL instead. */
function namedUrl(text: string): string {
  return text.replace(/"[^"]*"(\s*:\s*)$/, '"url"$1');
}

/** Wherever it stands: some answers name a task where none was asked for. */
function taskIdIn(text: string): string | undefined {
  const [token] = findStrings(text, (path) => /^task_?id$/i.test(String(path.at(-1))));
  const id = token === undefined ? '' : String(JSON.parse(text.slice(token.start, token.end)));
  return id === '' ? undefined : id;
}

/** `{code, message}` at the top or in `output`, or OpenAI's `error`. */
function refusalOf(
  value: JsonObject,
): { readonly code: string; readonly message: string | undefined } | undefined {
  for (const place of [value, value.output, value.error]) {
    if (!isJsonObject(place)) continue;
    const code = [place.code, place === value.error ? place.type : undefined].map(codeOf).find(Boolean);
    if (code !== undefined)
      return { code, message: typeof place.message === 'string' ? place.message : undefined };
  }
  return undefined;
}

/** A code that means an error: some envelopes say that all went well in the same field. */
function codeOf(code: JsonValue | undefined): string | undefined {
  if (typeof code !== 'string' && typeof code !== 'number') return undefined;
  return /^(|0|200|ok|success|succeeded)$/i.test(String(code)) ? undefined : String(code);
}

/** What it says of failures: a count, or a code in the place of a result. */
function failuresOf({ output }: JsonObject): number {
  if (!isJsonObject(output)) return 0;
  const counted = metricsOf(output).flatMap(({ FAILED }) => (typeof FAILED === 'number' ? [FAILED] : []));
  const results = isJsonArray(output.results) ? output.results : [];
  const told = results.filter(
    (result) => isJsonObject(result) && codeOf(result.code) !== undefined && typeof result.url !== 'string',
  );
  return Math.max(0, ...counted, told.length);
}

/** Tasks say `task_metrics`, the synchronous endpoint says `task_metric`. */
function metricsOf(output: JsonObject): readonly JsonObject[] {
  return [output.task_metrics, output.task_metric].filter(isJsonObject);
}

/** Whether an answer without files says that there are none, by a list of results that holds none or by a count. */
function saysNoImage({ output, usage }: JsonObject, texts: readonly string[]): boolean {
  if (!isJsonObject(output)) return false;
  // What it means may stand behind that.
  if (texts.some((text) => /https?:\/\//i.test(text))) return false;
  const counts = isJsonObject(usage) ? [usage.image_count, usage.output_image_count] : [];
  if (counts.some((count) => typeof count === 'number' && count > 0)) return false;
  if (counts.includes(0)) return true;
  const { choices, results } = output;
  if (isJsonArray(choices)) return choices.every(holdsWordsOnly);
  if (isJsonArray(results))
    return results.every((result) => isJsonObject(result) && codeOf(result.code) !== undefined);
  return metricsOf(output).some(({ SUCCEEDED }) => SUCCEEDED === 0);
}

function holdsWordsOnly(choice: JsonValue): boolean {
  if (!isJsonObject(choice) || !isJsonObject(choice.message)) return false;
  const { content } = choice.message;
  if (typeof content === 'string') return true;
  const isWord = (item: JsonValue) =>
    isJsonObject(item) && Object.keys(item).every((name) => name === 'text' || name === 'type');
  return isJsonArray(content) && content.every(isWord);
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
