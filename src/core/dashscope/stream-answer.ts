import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { ChoiceAccumulator, contentOf } from './choice-accumulator.ts';
import { isImage } from './content-pieces.ts';
import { readEvents, type StreamEvent, writeResult } from './sse.ts';

/** What a stream came to, as the one answer that it would have been. */
export interface WholeAnswer {
  /** 200, or what the error event says. */
  readonly status: number;
  /** JSON in the vendor's envelope. */
  readonly text: string;
}

/** What the SDKs take an error event for that does not say. */
const DEFAULT_ERROR_STATUS = 400;

/**
 * One answer from a stream: texts joined where they follow each other, pictures in their places, of all other fields the
 * last word. With `repeating`, each event was asked to repeat what was told before it. An error event is the answer unless
 * a picture came before it. Undefined when the stream broke off: the last event says so itself (`finished`,
 * `finish_reason`), the end of the bytes says nothing.
 */
export function readStream(stream: string, repeating = false): WholeAnswer | undefined {
  let whole: JsonObject = {};
  let output: JsonObject = {};
  const told = new Map<JsonValue, ChoiceAccumulator>();
  for (const event of readEvents(stream)) {
    const data = parseObject(event.data);
    if (data === undefined) {
      // Other dialects' way to end; anything else that is no object was cut off.
      if (event.data === '[DONE]' || event.event === 'done') continue;
      return undefined;
    }
    if (event.event === 'error' || isRefusal(data)) {
      // What was shown may have been charged for: that is no refusal.
      const isShown = [...told.values()].some((choice) => choice.hasImage);
      return isShown ? undefined : { status: errorStatus(event), text: event.data };
    }
    whole = { ...whole, ...data };
    output = { ...output, ...asObject(data.output) };
    tell(told, objectsOf(asObject(data.output).choices));
  }
  const choices = [...told.values()];
  const stopped = choices.length > 0 && choices.every((choice) => choice.isStopped);
  if (output.finished !== true && !stopped) return undefined;
  const closed = choices.map((choice) => choice.whole(repeating));
  const text = JSON.stringify({ ...whole, output: { ...output, choices: closed, finished: true } });
  return { status: 200, text };
}

/** Choices are told apart by the index that they name, else by their place. */
function tell(told: Map<JsonValue, ChoiceAccumulator>, choices: readonly JsonObject[]): void {
  choices.forEach((choice, position) => {
    const number = choice.index ?? position;
    const known = told.get(number) ?? new ChoiceAccumulator();
    known.tell(choice);
    told.set(number, known);
  });
}

/**
 * A success as the stream that it could have come in. A story, which tells before it shows, comes in an event for each text
 * and picture and ends in an empty one; everything else comes in one event, as from the models that draw without telling.
 * Every event carries the usage of the whole. Undefined for what is no success.
 */
export function writeStream(answer: string): string | undefined {
  const whole = parseObject(answer);
  if (whole === undefined || !isJsonObject(whole.output)) return undefined;
  const { results: _, ...output } = whole.output;
  const choices = choicesOf(whole.output);
  const [only] = choices;
  const content = choices.length === 1 && only !== undefined ? contentOf(only) : [];
  const steps = isStory(content) ? [...content.map((item) => [[item]]), []] : [choices.map(contentOf)];
  const frame = (contents: readonly (readonly JsonValue[])[], index: number, last: boolean) => {
    const events = choices.map((choice, at) => ({
      ...choice,
      message: messageWith(asObject(choice.message), contents[at] ?? [], index === 0),
      finish_reason: last ? 'stop' : 'null',
    }));
    const data = { ...whole, output: { ...output, choices: events, finished: last } };
    return writeResult(index + 1, inOneLine(JSON.stringify(data)));
  };
  return steps.map((contents, index) => frame(contents, index, index === steps.length - 1)).join('');
}

/** Whether a text comes before a picture. */
function isStory(content: readonly JsonValue[]): boolean {
  const last = content.findLastIndex(isImage);
  return content.slice(0, last).some((item) => !isImage(item));
}

function isRefusal({ code, output }: JsonObject): boolean {
  return typeof code === 'string' && !isJsonObject(output);
}

function errorStatus({ status = DEFAULT_ERROR_STATUS }: StreamEvent): number {
  return status < 400 ? DEFAULT_ERROR_STATUS : status;
}

/** Some readers end a line at these too, and what a model wrote must not begin an event. They stand in strings only. */
function inOneLine(json: string): string {
  return json.replace(
    /[\u0085\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The prompt-shaped family has a list of results instead, which no stream has. */
function choicesOf(output: JsonObject): readonly JsonObject[] {
  if (isJsonArray(output.choices)) return objectsOf(output.choices);
  const content = objectsOf(output.results).flatMap(({ url }) =>
    url === undefined ? [] : [{ type: 'image', image: url }],
  );
  return [{ message: { role: 'assistant', content } }];
}

/** What is said once for the whole message, such as its reasoning, is said in the first event. */
function messageWith(message: JsonObject, content: readonly JsonValue[], first: boolean): JsonObject {
  return first ? { ...message, content } : { role: message.role ?? 'assistant', content };
}

function objectsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: JsonValue = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
