import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { isImage, joinPieces, joinRepetitions } from './content-pieces.ts';

/** One choice of an answer, gathered from the events that tell it. */
export class ChoiceAccumulator {
  #fields: JsonObject = {};
  #message: JsonObject = {};
  readonly #contents: (readonly JsonValue[])[] = [];
  readonly #reasonings: string[] = [];

  /** Of all fields but the content and the reasoning the last word counts. */
  tell(choice: JsonObject): void {
    this.#fields = { ...this.#fields, ...choice };
    if (!isJsonObject(choice.message)) return;
    const { reasoning_content: reasoning } = choice.message;
    this.#message = { ...this.#message, ...choice.message };
    this.#contents.push(contentOf(choice));
    if (typeof reasoning === 'string') this.#reasonings.push(reasoning);
  }

  get isStopped(): boolean {
    return this.#fields.finish_reason === 'stop';
  }

  get hasImage(): boolean {
    return this.#contents.some((content) => content.some(isImage));
  }

  /** The whole choice. `repeating` when every event was asked to repeat what was told before it. */
  whole(repeating: boolean): JsonObject {
    const repeated = repeating ? joinRepetitions(this.#contents) : undefined;
    const reasoning =
      repeated === undefined ? this.#reasonings.join('') : this.#reasonings.findLast((text) => text !== '');
    const message = {
      ...this.#message,
      ...(this.#reasonings.length === 0 ? {} : { reasoning_content: reasoning ?? '' }),
      content: repeated ?? joinPieces(this.#contents),
    };
    return { ...this.#fields, message, finish_reason: 'stop' };
  }
}

/** The texts and pictures of a choice; a bare text is one of them. */
export function contentOf({ message }: JsonObject): readonly JsonValue[] {
  const content = isJsonObject(message) ? message.content : undefined;
  if (typeof content === 'string') return [{ text: content }];
  return isJsonArray(content) ? content : [];
}
