import { isAppError } from '../errors.ts';
import { canonicalJson } from '../json/canonical-json.ts';
import { formatPath, type JsonPath, parseJson } from '../json/json-text.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';
import { defaultCount } from '../models/models.ts';
import { EXCLUDED_PARAMETERS } from './exclusions.ts';

/** Everything that determines the picture: the canonical form of one request. */
export interface Recipe {
  readonly model: string;
  /** RFC 8785 text; its hash is the cache key, and it is compared on every hit. */
  readonly canonical: string;
  /** The words, for people and for search. */
  readonly prompt: string;
  /** True when the request leaves the seed open: two such requests may be meant to differ. */
  readonly seedless: boolean;
}

/** What a reference image is in a recipe: its content (`sha256:<hex>`), or a name whose content we cannot see (`oss://…`). */
export type ReferenceName = string;

export interface RecipeInput {
  readonly model: string;
  /** The request body as the client sent it. */
  readonly body: JsonObject;
  /** The name of each reference image by `formatPath` of where it stands. */
  readonly references: ReadonlyMap<string, ReferenceName>;
  /** Value of `X-DashScope-DataInspection`: nobody gets a hit past a stricter inspection than its own. */
  readonly dataInspection?: string | undefined;
}

/**
 * The canonical form `k1`. Different spellings of one request give one text; anything that can change a pixel gives
 * another. Golden vectors freeze it: a change here is a new key version.
 */
export function buildRecipe({ model, body, references, dataInspection }: RecipeInput): Recipe {
  const named = asObject(replaceReferences(body, [], references));
  const { model: _, input: rawInput, parameters: rawParameters, ...others } = named;
  const { negative_prompt: inputNegative, ...input } = canonicalInput(asObject(rawInput));
  const parameters = canonicalParameters(model, asObject(rawParameters), inputNegative);
  const recipe: JsonObject = {
    model,
    input,
    parameters,
    ...withoutNulls({
      data_inspection: dataInspection ?? null,
      others: emptyAsNull(withoutNulls(asObject(replaceReferences(others, [], references)))),
    }),
  };
  return {
    model,
    canonical: canonicalJson(recipe),
    prompt: promptOf(input),
    seedless: parameters.seed === undefined,
  };
}

/** A canonical text as the recipe that it was written of; undefined for what `buildRecipe` does not write. */
export function readRecipe(canonical: string): Omit<Recipe, 'seedless'> | undefined {
  const value = parseOrNothing(canonical);
  if (!isJsonObject(value) || canonicalJson(value) !== canonical) return undefined;
  const { model, input } = value;
  if (typeof model !== 'string' || !isJsonObject(input)) return undefined;
  return { model, canonical, prompt: promptOf(input) };
}

function parseOrNothing(text: string): JsonValue | undefined {
  try {
    return parseJson(text).value;
  } catch (error) {
    if (isAppError(error, 'invalid_json')) return undefined;
    throw error;
  }
}

function canonicalInput(raw: JsonObject): JsonObject {
  const { messages: given, ...rest } = withoutEmpty(asObject(withoutNestedNulls(raw)), 'negative_prompt');
  if (given === undefined) return rest;
  const messages = textFirst(given);
  const simple = rest.prompt === undefined && rest.images === undefined ? asPrompt(messages) : undefined;
  return { ...rest, ...(simple ?? { messages }) };
}

/**
 * One user message with exactly one text means the same wherever that stands among the images: clients differ in it,
 * and no document gives it a meaning. Any other list of messages keeps its roles, boundaries and order.
 */
function textFirst(messages: JsonValue): JsonValue {
  const only = findOnlyUserMessage(messages);
  if (only === undefined) return messages;
  const texts = only.content.filter((item) => isItem(item, 'text') && !isItem(item, 'image'));
  const images = only.content.filter((item) => isItem(item, 'image') && !isItem(item, 'text'));
  if (texts.length !== 1 || images.length !== only.content.length - 1) return messages;
  return [{ ...only.message, content: [...texts, ...images] }];
}

/** The same request as `input.prompt` with `input.images`, where the messages say no more than that; text first. */
function asPrompt(messages: JsonValue): JsonObject | undefined {
  const only = findOnlyUserMessage(messages);
  if (only === undefined || !hasExactly(only.message, ['content', 'role'])) return undefined;
  const [first, ...others] = only.content;
  const prompt = onlyField(first, 'text');
  const images = others.map((item) => onlyField(item, 'image'));
  if (prompt === undefined || !images.every((image) => image !== undefined)) return undefined;
  return images.length === 0 ? { prompt } : { prompt, images };
}

function findOnlyUserMessage(
  messages: JsonValue,
): { message: JsonObject; content: readonly JsonValue[] } | undefined {
  if (!isJsonArray(messages) || messages.length !== 1) return undefined;
  const [message] = messages;
  if (!isJsonObject(message) || message.role !== 'user' || !isJsonArray(message.content)) return undefined;
  return { message, content: message.content };
}

function isItem(item: JsonValue, name: 'text' | 'image'): boolean {
  return isJsonObject(item) && item[name] !== undefined;
}

function onlyField(item: JsonValue | undefined, name: 'text' | 'image'): JsonValue | undefined {
  return isJsonObject(item) && hasExactly(item, [name]) ? item[name] : undefined;
}

function canonicalParameters(
  model: string,
  raw: JsonObject,
  inputNegative: JsonValue | undefined,
): JsonObject {
  const kept = Object.entries(asObject(withoutNestedNulls(raw))).filter(
    ([name]) => !EXCLUDED_PARAMETERS.has(name),
  );
  let parameters: JsonObject = withoutEmpty(
    withoutEmpty(Object.fromEntries(kept), 'negative_prompt'),
    'style',
  );
  if (inputNegative !== undefined) {
    const own = parameters.negative_prompt;
    parameters =
      own === undefined || own === inputNegative
        ? { ...parameters, negative_prompt: inputNegative }
        : // Two that differ: which one the vendor follows is not known, so both count.
          { ...parameters, negative_prompt: [inputNegative, own] };
  }
  if (typeof parameters.size === 'string')
    parameters = { ...parameters, size: canonicalSize(parameters.size) };
  if (parameters.seed === -1) {
    const { seed: _, ...rest } = parameters;
    parameters = rest;
  }
  const count = defaultCount(model);
  if (parameters.n === undefined && count !== undefined) parameters = { ...parameters, n: count };
  return parameters;
}

/** `1024x1024` is OpenAI's spelling of DashScope's `1024*1024`. Names such as `2K` stay as they are. */
export function canonicalSize(size: string): string {
  const match = /^(\d+)[xX*](\d+)$/.exec(size);
  return match === null ? size : `${match[1]}*${match[2]}`;
}

function replaceReferences(
  value: JsonValue,
  path: JsonPath,
  references: ReadonlyMap<string, ReferenceName>,
): JsonValue {
  if (references.size === 0) return value;
  if (typeof value === 'string') return references.get(formatPath(path)) ?? value;
  if (isJsonArray(value))
    return value.map((item, index) => replaceReferences(item, [...path, index], references));
  if (isJsonObject(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => [
        name,
        replaceReferences(member, [...path, name], references),
      ]),
    );
  }
  return value;
}

/** Null is absent for every field: SDKs send unset arguments as null. */
function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, member]) => member !== null));
}

function withoutNestedNulls(value: JsonValue): JsonValue {
  if (isJsonArray(value)) return value.map(withoutNestedNulls);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null);
  return Object.fromEntries(members.map(([name, member]) => [name, withoutNestedNulls(member)]));
}

function withoutEmpty(object: JsonObject, name: string): JsonObject {
  if (object[name] !== '') return object;
  const { [name]: _, ...rest } = object;
  return rest;
}

function emptyAsNull(object: JsonObject): JsonObject | null {
  return Object.keys(object).length === 0 ? null : object;
}

function hasExactly(object: JsonObject, names: readonly string[]): boolean {
  const own = Object.keys(object);
  return own.length === names.length && names.every((name) => Object.hasOwn(object, name));
}

function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

function promptOf(input: JsonObject): string {
  if (typeof input.prompt === 'string') return input.prompt;
  if (!isJsonArray(input.messages)) return '';
  const texts = input.messages.flatMap((message) => {
    if (!isJsonObject(message)) return [];
    if (typeof message.content === 'string') return [message.content];
    if (!isJsonArray(message.content)) return [];
    return message.content.flatMap((item) =>
      isJsonObject(item) && typeof item.text === 'string' ? [item.text] : [],
    );
  });
  return texts.join('\n');
}
