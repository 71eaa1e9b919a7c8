import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { type AnswerFamily, familiesOf } from './endpoints.ts';

/** What an answer in another family is made of, beside the stored one. */
export interface EntryFacts {
  readonly model: string;
  readonly prompt: string;
  /** Of the first image, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Where the images are, in the order of the answer. */
  readonly urls: readonly string[];
}

/**
 * A success in the family asked for: as it is where that family's endpoints gave it, so that nothing of it gets lost, else
 * built anew from what it holds. `answer` is the vendor's, with the URLs to give out.
 */
export function inFamily(answer: JsonObject, family: AnswerFamily, facts: EntryFacts): JsonObject {
  if (keepsEnvelope(answer, family, facts.model)) return answer;
  return family === 'results' ? asResults(answer, facts) : asChoices(answer, facts);
}

/** Whether an answer is given out as it came where an endpoint of a family is asked for a model. */
export function keepsEnvelope({ output }: JsonObject, asked: AnswerFamily, model: string): boolean {
  const { results, choices } = isJsonObject(output) ? output : {};
  if (isJsonArray(results)) return asked === 'results';
  if (isJsonArray(choices)) return asked === 'choices';
  // It is of no family that we know: the endpoint that gave it would give it again.
  const families = familiesOf(model);
  if (families === undefined || (families.length === 1 && families.includes(asked))) return true;
  // Where both serve the model it may be of either; who reads results gets them in any case.
  return asked === 'choices' && families.includes('choices');
}

/**
 * A success in results as the vendor gives it to who waits for it: like the poll of a finished task. The SDKs' class for it
 * cannot be made without an id and a state.
 */
export function asFinishedTask(answer: JsonObject, id: string): JsonObject {
  const output = isJsonObject(answer.output) ? answer.output : {};
  return { ...answer, output: { task_id: id, task_status: 'SUCCEEDED', ...output } };
}

function asResults(answer: JsonObject, { prompt, urls }: EntryFacts): JsonObject {
  const items = contentItems(answer);
  const images = items.flatMap((item) => (typeof item.image === 'string' ? [item.image] : []));
  const [text] = items.flatMap((item) => (typeof item.text === 'string' ? [item.text] : []));
  const actual = text === undefined ? {} : { actual_prompt: text };
  const results = (images.length > 0 ? images : urls).map((url) => ({ orig_prompt: prompt, ...actual, url }));
  return { ...requestIdOf(answer), output: { results }, usage: { image_count: results.length } };
}

function asChoices(answer: JsonObject, { width, height, urls }: EntryFacts): JsonObject {
  const output = isJsonObject(answer.output) ? answer.output : {};
  const results = isJsonArray(output.results) ? output.results.filter(isJsonObject) : [];
  const named = results.flatMap(({ url }) => (typeof url === 'string' ? [url] : []));
  const content: JsonValue[] = (named.length > 0 ? named : urls).map((image) => ({ image }));
  return {
    ...requestIdOf(answer),
    output: { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] },
    usage: { width, height, image_count: content.length },
  };
}

function contentItems({ output }: JsonObject): JsonObject[] {
  const choices = isJsonObject(output) && isJsonArray(output.choices) ? output.choices : [];
  return choices.flatMap((choice) => {
    if (!isJsonObject(choice) || !isJsonObject(choice.message) || !isJsonArray(choice.message.content))
      return [];
    return choice.message.content.filter(isJsonObject);
  });
}

function requestIdOf(answer: JsonObject): JsonObject {
  return answer.request_id === undefined ? {} : { request_id: answer.request_id };
}
