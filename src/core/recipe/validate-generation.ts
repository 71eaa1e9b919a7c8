import { AppError } from '../errors.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../json/json-value.ts';

/** A request for pictures, read as far as dashcache must understand it; what it means is the vendor's to judge. */
export interface Generation {
  readonly model: string;
  readonly body: JsonObject;
}

/** The model a body names. `invalid_request` or `missing_model` otherwise. */
export function readModel(value: JsonValue): { model: string; body: JsonObject } {
  if (!isJsonObject(value)) throw new AppError('invalid_request', 'The body must be a JSON object.');
  if (value.model === undefined || value.model === null || value.model === '') {
    throw new AppError('missing_model', 'The field model is missing.', { field: 'model' });
  }
  if (typeof value.model !== 'string') throw wrongType('model', 'a string');
  return { model: value.model, body: value };
}

/**
 * Checks the types of every documented field, so that a wrong one is an error that names it, before anything is paid.
 * Values (a size, a range, an unknown field) are the vendor's to refuse.
 */
export function readGeneration(model: string, body: JsonObject): Generation {
  const { input, parameters } = body;
  if (input === undefined || input === null) {
    throw new AppError('missing_input', 'The field input is missing.', { field: 'input' });
  }
  if (!isJsonObject(input)) throw wrongType('input', 'an object');
  if (parameters !== undefined && parameters !== null && !isJsonObject(parameters)) {
    throw wrongType('parameters', 'an object');
  }
  checkOptional(input, 'input', ['prompt', 'negative_prompt'], 'string', 'a string');
  checkMessages(input.messages);
  const named = parameters ?? {};
  checkOptional(named, 'parameters', ['size', 'negative_prompt', 'style'], 'string', 'a string');
  checkOptional(named, 'parameters', ['n', 'seed'], 'number', 'a number');
  checkOptional(named, 'parameters', ['prompt_extend', 'watermark'], 'boolean', 'true or false');
  return { model, body };
}

function checkMessages(messages: JsonValue | undefined): void {
  if (messages === undefined || messages === null) return;
  if (!isJsonArray(messages)) throw wrongType('input.messages', 'a list');
  messages.forEach((message, index) => {
    const field = `input.messages[${index}]`;
    if (!isJsonObject(message)) throw wrongType(field, 'an object');
    checkOptional(message, field, ['role'], 'string', 'a string');
    checkContent(message.content, `${field}.content`);
  });
}

function checkContent(content: JsonValue | undefined, field: string): void {
  if (typeof content === 'string' || content === undefined || content === null) return;
  if (!isJsonArray(content)) throw wrongType(field, 'a list or a string');
  content.forEach((item, index) => {
    if (!isJsonObject(item)) throw wrongType(`${field}[${index}]`, 'an object');
    checkOptional(item, `${field}[${index}]`, ['text', 'image'], 'string', 'a string');
  });
}

function checkOptional(
  object: JsonObject,
  parent: string,
  names: readonly string[],
  type: 'string' | 'number' | 'boolean',
  wanted: string,
): void {
  for (const name of names) {
    const value = object[name];
    if (value !== undefined && value !== null && typeof value !== type)
      throw wrongType(`${parent}.${name}`, wanted);
  }
}

function wrongType(field: string, wanted: string): AppError {
  return new AppError('invalid_request', `The field ${field} must be ${wanted}.`, { field });
}
