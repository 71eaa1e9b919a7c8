import { canonicalJson } from './canonical-json.ts';
import { EXCLUDED_PARAMETERS } from './exclusions.ts';
import {
  formatPath,
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonPath,
  type JsonValue,
} from './json-text.ts';
import { defaultCount } from './models.ts';

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
  const { model: _, input: rawInput, parameters: rawParameters, ...others } = body;
  const input = canonicalInput(asObject(rawInput), references);
  const { negative_prompt: inputNegative, ...inputRest } = input;
  const parameters = canonicalParameters(
    model,
    asObject(replaceReferences(asObject(rawParameters), ['parameters'], references)),
    inputNegative,
  );
  const recipe: JsonObject = {
    model,
    input: inputRest,
    parameters,
    ...withoutNulls({
      data_inspection: dataInspection ?? null,
      others: emptyAsNull(withoutNulls(asObject(replaceReferences(others, [], references)))),
    }),
  };
  return {
    model,
    canonical: canonicalJson(recipe),
    prompt: promptOf(inputRest),
    seedless: parameters.seed === undefined,
  };
}

function canonicalInput(input: JsonObject, references: ReadonlyMap<string, ReferenceName>): JsonObject {
  const named = asObject(withoutNestedNulls(replaceReferences(input, ['input'], references)));
  const cleaned = withoutEmpty(named, 'negative_prompt');
  const simple =
    cleaned.prompt === undefined && cleaned.images === undefined
      ? simpleMessage(cleaned.messages)
      : undefined;
  if (simple === undefined) return cleaned;
  const { messages: _, ...rest } = cleaned;
  return { ...rest, ...simple };
}

/**
 * One user message with exactly one text is the same request as `input.prompt` with `input.images`, wherever the text
 * stands among the images: clients differ in that, and no document gives it a meaning. Anything else keeps its roles,
 * boundaries and order.
 */
function simpleMessage(messages: JsonValue | undefined): JsonObject | undefined {
  if (!isJsonArray(messages) || messages.length !== 1) return undefined;
  const [message] = messages;
  if (!isJsonObject(message) || !hasExactly(message, ['content', 'role']) || message.role !== 'user')
    return undefined;
  if (!isJsonArray(message.content)) return undefined;
  const texts: JsonValue[] = [];
  const images: JsonValue[] = [];
  for (const item of message.content) {
    if (!isJsonObject(item)) return undefined;
    if (hasExactly(item, ['text']) && item.text !== undefined) texts.push(item.text);
    else if (hasExactly(item, ['image']) && item.image !== undefined) images.push(item.image);
    else return undefined;
  }
  const [prompt] = texts;
  if (texts.length !== 1 || prompt === undefined) return undefined;
  return images.length === 0 ? { prompt } : { prompt, images };
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
