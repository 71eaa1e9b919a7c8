import {
  type AnswerTemplate,
  parseTemplate,
  renderAnswer,
  splitAnswer,
  takeApart,
} from '../../core/dashscope/answer.ts';
import { assetOf, urlOf } from '../../core/dashscope/answer-assets.ts';
import { asFinishedTask, inFamily, keepsEnvelope } from '../../core/dashscope/answer-family.ts';
import type { AnswerFamily } from '../../core/dashscope/endpoints.ts';
import { extensionOf } from '../../core/entries/blob.ts';
import type { Entry } from '../../core/entries/entry.ts';
import { AppError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-value.ts';

/** Stands for the request id until it is known; no answer of the vendor's holds it. */
const REQUEST_ID = '\u0000request-id\u0000';

/** How a success is worded. */
export interface AnswerForm {
  readonly family: AnswerFamily;
  /** With an id and a state, like the poll of a finished task. */
  readonly asTask: boolean;
}

/** An entry's answer, in pieces between which the request id goes. `base` is where blobs are served. */
export function answerParts(entry: Entry, { family, asTask }: AnswerForm, base: string): string[] {
  const known = templateOf(entry);
  if (known.kept.includes(family) && !asTask)
    return splitAnswer(known.template, (index) => imageUrl(entry, index, base));
  const answer = answerObject(entry, family, base, REQUEST_ID);
  const worded = asTask ? asFinishedTask(answer, REQUEST_ID) : answer;
  return JSON.stringify(worded).split(JSON.stringify(REQUEST_ID).slice(1, -1));
}

/** Upstream's success, which could not be kept, in a form; the very bytes where it has that form. */
export function reworded(
  body: Uint8Array<ArrayBuffer>,
  model: string,
  { family, asTask }: AnswerForm,
  requestId: string,
): Uint8Array<ArrayBuffer> {
  const given = parseObject(new TextDecoder().decode(body));
  const answer = unstoredIn(family, given, model);
  if (answer === given && !asTask) return body;
  return new TextEncoder().encode(JSON.stringify(asTask ? asFinishedTask(answer, requestId) : answer));
}

/** An entry's answer in a family, as a value. */
export function answerObject(
  entry: Entry,
  family: AnswerFamily,
  base: string,
  requestId: string,
): JsonObject {
  const { model, prompt, images } = entry;
  const urls = images.map((_, index) => imageUrl(entry, index, base));
  const { template } = templateOf(entry);
  const answer = parseObject(renderAnswer(template, (index) => imageUrl(entry, index, base), requestId));
  const { width = 0, height = 0 } = images[0] ?? {};
  return inFamily(answer, family, { model, prompt, width, height, urls });
}

/** A success of upstream's that could not be kept, in a family: with its own URLs. */
export function unstoredIn(family: AnswerFamily, answer: JsonObject, model: string): JsonObject {
  const { assets } = takeApart(JSON.stringify(answer), assetOf);
  return inFamily(answer, family, { model, prompt: '', width: 0, height: 0, urls: assets.map(urlOf) });
}

interface KnownTemplate {
  readonly template: AnswerTemplate;
  /** Where it is given out as it came. */
  readonly kept: readonly AnswerFamily[];
}

const FAMILIES: readonly AnswerFamily[] = ['choices', 'results'];

/** Templates, parsed once for as long as their entry stays in memory. */
const templates = new WeakMap<Entry, KnownTemplate>();

function templateOf(entry: Entry): KnownTemplate {
  const known = templates.get(entry);
  if (known !== undefined) return known;
  const template = parseTemplate(entry.answer);
  const answer = parseObject(renderAnswer(template, () => '', ''));
  const kept = FAMILIES.filter((family) => keepsEnvelope(answer, family, entry.model));
  templates.set(entry, { template, kept });
  return { template, kept };
}

function imageUrl(entry: Entry, index: number, base: string): string {
  const image = entry.images[index];
  if (image === undefined) throw new AppError('internal', `Entry ${entry.id} has no image ${index}.`);
  return `${base}/blobs/${image.digest}.${extensionOf(image.mediaType)}`;
}

function parseObject(text: string): JsonObject {
  const value: JsonValue = JSON.parse(text);
  if (!isJsonObject(value)) throw new AppError('internal', 'A stored answer is no JSON object.');
  return value;
}
