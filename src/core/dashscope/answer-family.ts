import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-text.ts';
import type { AnswerFamily } from './endpoints.ts';

/** What an answer in another family is made of, beside the stored one. */
export interface EntryFacts {
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
}

/**
 * A success in the family asked for, built anew from what it holds. As it is where it is of that family, or of none that we
 * know: nothing of it may get lost.
 */
export function inFamily(answer: JsonObject, family: AnswerFamily, facts: EntryFacts): JsonObject {
  const output = isJsonObject(answer.output) ? answer.output : {};
  const known = familyOf(output);
  if (known === family || known === undefined) return answer;
  return family === 'results' ? asResults(answer, output, facts) : asChoices(answer, output, facts);
}

/**
 * A success in results as the vendor gives it to who waits for it: like the poll of a finished task. The SDKs' class for it
 * cannot be made without an id and a state.
 */
export function asFinishedTask(answer: JsonObject, id: string): JsonObject {
  const output = isJsonObject(answer.output) ? answer.output : {};
  return { ...answer, output: { task_id: id, task_status: 'SUCCEEDED', ...output } };
}

function familyOf({ results, choices }: JsonObject): AnswerFamily | undefined {
  if (isJsonArray(results)) return 'results';
  return isJsonArray(choices) ? 'choices' : undefined;
}

function asResults(answer: JsonObject, output: JsonObject, { prompt }: EntryFacts): JsonObject {
  const items = contentItems(output);
  const texts = items.flatMap((item) => (typeof item.text === 'string' ? [item.text] : []));
  const results = items.flatMap((item) =>
    typeof item.image === 'string'
      ? [
          {
            orig_prompt: prompt,
            ...(texts[0] === undefined ? {} : { actual_prompt: texts[0] }),
            url: item.image,
          },
        ]
      : [],
  );
  return { ...requestIdOf(answer), output: { results }, usage: { image_count: results.length } };
}

function asChoices(answer: JsonObject, output: JsonObject, { width, height }: EntryFacts): JsonObject {
  const results = isJsonArray(output.results) ? output.results : [];
  const content: JsonValue[] = results.flatMap((result) =>
    isJsonObject(result) && typeof result.url === 'string' ? [{ image: result.url }] : [],
  );
  return {
    ...requestIdOf(answer),
    output: { choices: [{ finish_reason: 'stop', message: { role: 'assistant', content } }] },
    usage: { width, height, image_count: content.length },
  };
}

function contentItems(output: JsonObject): JsonObject[] {
  const choices = isJsonArray(output.choices) ? output.choices : [];
  return choices.flatMap((choice) => {
    if (!isJsonObject(choice) || !isJsonObject(choice.message) || !isJsonArray(choice.message.content))
      return [];
    return choice.message.content.filter(isJsonObject);
  });
}

function requestIdOf(answer: JsonObject): JsonObject {
  return answer.request_id === undefined ? {} : { request_id: answer.request_id };
}
