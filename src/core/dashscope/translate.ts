import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-text.ts';
import type { RequestShape } from './endpoints.ts';

/**
 * A request body in a shape: the body itself where it has that shape, undefined where its meaning
 * cannot be said in it (several messages, several texts).
 */
export function translateBody(body: JsonObject, shape: RequestShape): JsonObject | undefined {
  const input = isJsonObject(body.input) ? body.input : {};
  const isMessages = isJsonArray(input.messages);
  if (isMessages === (shape === 'messages')) return body;
  return isMessages ? asPrompt(body, input) : asMessages(body, input);
}

function asMessages(body: JsonObject, input: JsonObject): JsonObject | undefined {
  const { prompt, negative_prompt, images, ...others } = input;
  if (typeof prompt !== 'string' || hasValues(others)) return undefined;
  const pictures = isJsonArray(images) ? images : images === undefined || images === null ? [] : [images];
  const content: JsonValue[] = [...pictures.map((image) => ({ image })), { text: prompt }];
  const negative = negative_prompt === undefined ? {} : { negative_prompt };
  return {
    ...body,
    input: { messages: [{ role: 'user', content }] },
    parameters: { ...negative, ...parametersOf(body) },
  };
}

function asPrompt(body: JsonObject, input: JsonObject): JsonObject | undefined {
  const { messages, ...others } = input;
  const [message, ...more] = isJsonArray(messages) ? messages : [];
  if (more.length > 0 || !isJsonObject(message) || message.role !== 'user') return undefined;
  const content = isJsonArray(message.content) ? message.content : [];
  const texts = content.flatMap((item) =>
    isJsonObject(item) && typeof item.text === 'string' ? [item.text] : [],
  );
  const images = content.flatMap((item) =>
    isJsonObject(item) && typeof item.image === 'string' ? [item.image] : [],
  );
  const [prompt] = texts;
  if (prompt === undefined || texts.length > 1 || texts.length + images.length !== content.length)
    return undefined;
  const { negative_prompt, ...parameters } = parametersOf(body);
  return {
    ...body,
    input: {
      ...others,
      prompt,
      ...(negative_prompt === undefined ? {} : { negative_prompt }),
      ...picturesFor(String(body.model), images),
    },
    parameters,
  };
}

/** The field that pictures go into: the edit model of wan 2.1 names its one base image and what to do with it. */
function picturesFor(model: string, images: readonly string[]): JsonObject {
  const [first] = images;
  if (first === undefined) return {};
  if (!model.startsWith('wanx2.1-imageedit')) return { images };
  return { function: 'description_edit', base_image_url: first };
}

function parametersOf(body: JsonObject): JsonObject {
  return isJsonObject(body.parameters) ? body.parameters : {};
}

function hasValues(object: JsonObject): boolean {
  return Object.values(object).some((value) => value !== null);
}
