import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../../src/core/json/json-value.ts';
import { readGeneration, readModel } from '../../../src/core/recipe/validate-generation.ts';

const FIXTURES = new URL('../../fixtures/dashscope/', import.meta.url);

function failureOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

const read = (body: JsonObject) => readGeneration('m', body);

describe('readModel', () => {
  it('names the model', () => {
    expect(readModel({ model: 'qwen-image', input: {} })).toEqual({
      model: 'qwen-image',
      body: { model: 'qwen-image', input: {} },
    });
  });

  it.each<JsonValue>([null, 1, 'text', true, [], [{ model: 'm' }]])('refuses a body that is %j', (body) => {
    expect(failureOf(() => readModel(body))).toMatchObject({ code: 'invalid_request' });
  });

  it.each<JsonObject>([{}, { model: null }, { model: '' }])('misses the model in %j', (body) => {
    expect(failureOf(() => readModel(body))).toMatchObject({ code: 'missing_model', field: 'model' });
  });

  it('refuses a model that is no text', () => {
    expect(failureOf(() => readModel({ model: 1 }))).toMatchObject({
      code: 'invalid_request',
      field: 'model',
    });
  });
});

describe('readGeneration', () => {
  const requests = readdirSync(FIXTURES).flatMap((name) => {
    const { request } = JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8'));
    const isGeneration = request.method === 'POST' && request.path?.startsWith('/api/v1/services/');
    return isGeneration ? [{ name, body: request.body }] : [];
  });

  it.each(requests)('takes the request of $name', ({ body }) => {
    const { model } = readModel(body);
    expect(readGeneration(model, body)).toEqual({ model, body });
  });

  it.each<JsonObject>([{}, { input: null }])('misses the input in %j', (body) => {
    expect(failureOf(() => read(body))).toMatchObject({ code: 'missing_input', field: 'input' });
  });

  it.each<[string, JsonObject]>([
    ['input', { input: 'a cat' }],
    ['input', { input: [] }],
    ['parameters', { input: {}, parameters: [] }],
    ['parameters', { input: {}, parameters: 'x' }],
    ['input.prompt', { input: { prompt: ['a cat'] } }],
    ['input.negative_prompt', { input: { negative_prompt: 1 } }],
    ['input.messages', { input: { messages: {} } }],
    ['input.messages[0]', { input: { messages: ['a cat'] } }],
    ['input.messages[1]', { input: { messages: [{}, null] } }],
    ['input.messages[0].role', { input: { messages: [{ role: 1 }] } }],
    ['input.messages[0].content', { input: { messages: [{ content: {} }] } }],
    ['input.messages[0].content[0]', { input: { messages: [{ content: ['a cat'] }] } }],
    ['input.messages[0].content[1].text', { input: { messages: [{ content: [{}, { text: 1 }] }] } }],
    ['input.messages[0].content[0].image', { input: { messages: [{ content: [{ image: {} }] }] } }],
    ['parameters.size', { input: {}, parameters: { size: 1024 } }],
    ['parameters.negative_prompt', { input: {}, parameters: { negative_prompt: [] } }],
    ['parameters.style', { input: {}, parameters: { style: 1 } }],
    ['parameters.n', { input: {}, parameters: { n: '1' } }],
    ['parameters.seed', { input: {}, parameters: { seed: '7' } }],
  ])('names %s when it has the wrong type', (field, body) => {
    const failure = failureOf(() => read(body));
    expect(failure).toMatchObject({ code: 'invalid_request', field });
    expect(String(failure)).toContain(field);
  });

  it('leaves values, nulls and what it does not know to the vendor', () => {
    const body: JsonObject = {
      input: { prompt: null, messages: null, novelty: { deep: [1] } },
      parameters: { size: 'huge', n: -3.5, seed: null, novelty: [] },
      novelty: 1,
    };
    expect(read(body)).toEqual({ model: 'm', body });
    expect(read({ input: {}, parameters: null })).toMatchObject({ model: 'm' });
    expect(read({ input: { messages: [{ role: 'user', content: 'a cat' }] } })).toMatchObject({ model: 'm' });
  });
});
