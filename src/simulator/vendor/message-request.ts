import { isRecord, type JsonRecord } from '../util/json.ts';
import { completeRequest, type GenerationRequest } from './generation-request.ts';
import type { Family } from './models.ts';
import { readText } from './parameters.ts';
import { invalidParameter } from './refusal.ts';

/** Reads a message-shaped body; throws the Refusal for the first thing wrong. */
export function readMessageRequest(model: string, family: Family, body: JsonRecord): GenerationRequest {
  const parameters = isRecord(body.parameters) ? body.parameters : {};
  const { prompt, references } = readMessage(body.input);
  const negativePrompt = readText(parameters, 'negative_prompt');
  return completeRequest(model, family, { prompt, negativePrompt, references, extras: {} }, parameters);
}

function readMessage(input: unknown): { prompt: string; references: string[] } {
  const messages = isRecord(input) ? input.messages : undefined;
  if (!Array.isArray(messages)) throw invalidParameter('Field required: input.messages');
  const [message, ...rest] = messages;
  if (rest.length > 0 || !isRecord(message) || message.role !== 'user') {
    throw invalidParameter('input.messages must contain exactly one message with role user');
  }
  const items = typeof message.content === 'string' ? [{ text: message.content }] : message.content;
  if (!Array.isArray(items)) throw invalidParameter('Field required: input.messages[0].content');
  const texts: string[] = [];
  const references: string[] = [];
  for (const item of items) {
    if (isRecord(item) && typeof item.text === 'string') texts.push(item.text);
    else if (isRecord(item) && typeof item.image === 'string') references.push(item.image);
    else throw invalidParameter('input.messages[0].content items must hold a text or an image');
  }
  const [prompt] = texts;
  if (texts.length !== 1 || prompt === undefined || prompt === '') {
    throw invalidParameter('input.messages[0].content must contain exactly one non-empty text');
  }
  return { prompt, references };
}
