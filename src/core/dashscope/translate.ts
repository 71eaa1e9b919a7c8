import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import type { RequestShape } from './endpoints.ts';

/**
 * A request body in a shape: the body itself where it has that shape, undefined where something of it could not be said in
 * that (several messages or texts, a field that has no place or whose place is taken).
 */
export function translateBody(body: JsonObject, shape: RequestShape): JsonObject | undefined {
  const input = isJsonObject(body.input) ? body.input : {};
  const isMessages = isJsonArray(input.messages);
  if (isMessages === (shape === 'messages')) return body;
  return isMessages ? asPrompt(body, input) : asMessages(body, input);
}

function asMessages(body: JsonObject, input: JsonObject): JsonObject | undefined {
  const { prompt, negative_prompt, images, ...others } = given(input);
  if (typeof prompt !== 'string' || hasMembers(others)) return undefined;
  const listed = isJsonArray(images) ? images : images === undefined ? [] : [images];
  const parameters = joined(parametersOf(body), { negative_prompt });
  if (parameters === undefined || !listed.every((image) => typeof image === 'string')) return undefined;
  const content: JsonValue[] = [...listed.map((image) => ({ image })), { text: prompt }];
  return { ...body, input: { messages: [{ role: 'user', content }] }, parameters };
}

function asPrompt(body: JsonObject, input: JsonObject): JsonObject | undefined {
  const { messages, ...others } = input;
  const [message, ...more] = isJsonArray(messages) ? messages : [];
  if (more.length > 0 || !isJsonObject(message)) return undefined;
  const { role, content, ...beside } = given(message);
  if (role !== 'user' || hasMembers(beside) || !isJsonArray(content)) return undefined;
  const texts = content.flatMap((item) => fieldOf(item, 'text'));
  const images = content.flatMap((item) => fieldOf(item, 'image'));
  const [prompt] = texts;
  if (prompt === undefined || texts.length > 1 || texts.length + images.length !== content.length)
    return undefined;
  const { negative_prompt, ...parameters } = parametersOf(body);
  const listed = imagesFor(String(body.model), others, images);
  const translated = listed && joined(others, { prompt, negative_prompt, ...listed });
  return translated && { ...body, input: translated, parameters };
}

/** The text or the picture of an item that holds nothing else; its type repeats which it is. */
function fieldOf(item: JsonValue, name: 'text' | 'image'): string[] {
  const { type: _, ...fields } = isJsonObject(item) ? given(item) : {};
  const value = fields[name];
  return typeof value === 'string' && Object.keys(fields).length === 1 ? [value] : [];
}

/**
 * The fields that pictures go into: the edit model of wan 2.1 names its one base image, and what to do with it, which is an
 * edit by description where nothing else is asked for.
 */
function imagesFor(model: string, others: JsonObject, images: readonly string[]): JsonObject | undefined {
  const [first] = images;
  if (first === undefined) return {};
  if (!model.startsWith('wanx2.1-imageedit')) return { images };
  if (images.length > 1) return undefined;
  return { function: given(others).function ?? 'description_edit', base_image_url: first };
}

/** Both together; undefined where a field has two values. */
function joined(
  object: JsonObject,
  more: Readonly<Record<string, JsonValue | undefined>>,
): JsonObject | undefined {
  const added = Object.entries(more).flatMap(([name, value]): [string, JsonValue][] =>
    value === undefined ? [] : [[name, value]],
  );
  const taken = given(object);
  const isFree = added.every(
    ([name, value]) => value === null || taken[name] === undefined || taken[name] === value,
  );
  return isFree ? { ...object, ...Object.fromEntries(added) } : undefined;
}

function parametersOf(body: JsonObject): JsonObject {
  return isJsonObject(body.parameters) ? body.parameters : {};
}

/** Null is absent. */
function given(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
}

function hasMembers(object: JsonObject): boolean {
  return Object.keys(object).length > 0;
}
