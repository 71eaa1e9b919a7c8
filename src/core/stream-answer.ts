import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from './json-text.ts';
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
 * last word. An error event is the answer whatever came before it. Undefined when the stream broke off: the last event
 * says so itself (`finished`, `finish_reason`), the end of the bytes says nothing.
 */
export function readStream(stream: string): WholeAnswer | undefined {
  let whole: JsonObject = {};
  for (const event of readEvents(stream)) {
    const data = parseObject(event.data);
    if (data === undefined) {
      // Other dialects' way to end; anything else that is no object was cut off.
      if (event.data === '[DONE]' || event.event === 'done') continue;
      return undefined;
    }
    if (event.event === 'error' || isRefusal(data)) return { status: errorStatus(event), text: event.data };
    whole = { ...whole, ...data, output: joinOutputs(asObject(whole.output), asObject(data.output)) };
  }
  const output = asObject(whole.output);
  const choices = objectsOf(output.choices);
  const stopped = choices.length > 0 && choices.every((choice) => choice.finish_reason === 'stop');
  if (output.finished !== true && !stopped) return undefined;
  const closed = choices.map((choice) => ({ ...choice, finish_reason: 'stop' }));
  const text = JSON.stringify({ ...whole, output: { ...output, choices: closed, finished: true } });
  return { status: 200, text };
}

/**
 * A success as the stream that it could have come in: an event for each text and picture, then the closing one, which is
 * empty. Several choices come in one event. Every event carries the usage of the whole. Undefined for what is no success.
 */
export function writeStream(answer: string): string | undefined {
  const whole = parseObject(answer);
  if (whole === undefined || !isJsonObject(whole.output)) return undefined;
  const { results: _, ...output } = whole.output;
  const choices = choicesOf(whole.output);
  const [only] = choices;
  const steps =
    only !== undefined && choices.length === 1
      ? contentOf(only).map((item) => [[item]])
      : [choices.map(contentOf)];
  const frame = (contents: readonly (readonly JsonValue[])[], index: number, last: boolean) => {
    const events = choices.map((choice, at) => ({
      ...choice,
      message: messageWith(asObject(choice.message), contents[at] ?? [], index === 0),
      finish_reason: last ? 'stop' : 'null',
    }));
    const data = { ...whole, output: { ...output, choices: events, finished: last } };
    return writeResult(index + 1, JSON.stringify(data));
  };
  const frames = steps.map((contents, index) => frame(contents, index, false));
  return [...frames, frame([], steps.length, true)].join('');
}

function joinOutputs(sum: JsonObject, next: JsonObject): JsonObject {
  if (next.choices === undefined) return { ...sum, ...next };
  const choices = [...objectsOf(sum.choices)];
  objectsOf(next.choices).forEach((choice, position) => {
    const at = choices.findIndex((known, index) => numberOf(known, index) === numberOf(choice, position));
    const known = choices[at];
    if (known === undefined) choices.push(joinChoices({}, choice));
    else choices[at] = joinChoices(known, choice);
  });
  return { ...sum, ...next, choices };
}

/** Which of several choices it is: the one that it says, else by its place. */
function numberOf({ index }: JsonObject, position: number): JsonValue {
  return index ?? position;
}

function joinChoices(sum: JsonObject, next: JsonObject): JsonObject {
  const [before, after] = [asObject(sum.message), asObject(next.message)];
  const message = { ...before, ...after };
  return {
    ...sum,
    ...next,
    message: {
      ...message,
      ...joinedText(before, after, 'reasoning_content'),
      content: joinItems([...contentOf(sum), ...contentOf(next)]),
    },
  };
}

function joinItems(items: readonly JsonValue[]): JsonValue[] {
  const joined: JsonValue[] = [];
  for (const item of items) {
    const last = joined.at(-1);
    if (isText(last) && isText(item))
      joined.push({ ...asObject(joined.pop()), ...joinedText(last, item, 'text') });
    else joined.push(item);
  }
  return joined;
}

function joinedText(before: JsonObject, after: JsonObject, name: string): JsonObject {
  const [first, second] = [before[name], after[name]];
  return typeof first === 'string' && typeof second === 'string' ? { [name]: first + second } : {};
}

function isText(item: JsonValue | undefined): item is JsonObject {
  return isJsonObject(item) && typeof item.text === 'string' && item.image === undefined;
}

function isRefusal({ code, output }: JsonObject): boolean {
  return typeof code === 'string' && !isJsonObject(output);
}

function errorStatus({ status = DEFAULT_ERROR_STATUS }: StreamEvent): number {
  return status < 400 ? DEFAULT_ERROR_STATUS : status;
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

function contentOf({ message }: JsonObject): readonly JsonValue[] {
  const { content } = asObject(message);
  if (typeof content === 'string') return [{ text: content }];
  return isJsonArray(content) ? content : [];
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
