import { expect, it } from 'vitest';
import type { JsonObject } from '../../../src/core/json/json-value.ts';
import { setMembers } from '../../../src/core/json/set-members.ts';
import { buildRecipe } from '../../../src/core/recipe/recipe.ts';
import { changesForKey } from '../../../src/core/recipe/sent-form.ts';

const sent = (model: string, body: JsonObject): JsonObject =>
  JSON.parse(setMembers(JSON.stringify(body), changesForKey(model, body)));
const messages = [{ role: 'user', content: [{ text: 'p' }] }];

it.each<[string, string, JsonObject, JsonObject]>([
  [
    'a count',
    'wan2.2-t2i-flash',
    { input: { prompt: 'p' } },
    { input: { prompt: 'p' }, parameters: { n: 4 } },
  ],
  [
    'a count in place of null',
    'qwen-image',
    { input: { prompt: 'p' }, parameters: { n: null } },
    { input: { prompt: 'p' }, parameters: { n: 1 } },
  ],
  [
    'a size in the other spelling',
    'my-model',
    { input: { prompt: 'p' }, parameters: { size: '1024x1024' } },
    { input: { prompt: 'p' }, parameters: { size: '1024*1024' } },
  ],
  [
    'a seed that means any',
    'my-model',
    { input: { prompt: 'p' }, parameters: { seed: -1 } },
    { input: { prompt: 'p' }, parameters: { seed: null } },
  ],
  [
    'a negative prompt beside messages',
    'my-model',
    { input: { messages, negative_prompt: 'q' }, parameters: { negative_prompt: '' } },
    { input: { messages, negative_prompt: 'q' }, parameters: { negative_prompt: 'q' } },
  ],
  [
    'a negative prompt away from its prompt',
    'my-model',
    { input: { prompt: 'p', negative_prompt: null }, parameters: { negative_prompt: 'q' } },
    { input: { prompt: 'p', negative_prompt: 'q' }, parameters: { negative_prompt: 'q' } },
  ],
])('%s is sent as the key reads it', (_, model, body, expected) => {
  expect(sent(model, body)).toEqual(expected);
  const recipeOf = (from: JsonObject) => buildRecipe({ model, body: from, references: new Map() });
  // What is sent has the key of what was asked.
  expect(recipeOf(expected)).toEqual(recipeOf(body));
});

it.each<[string, JsonObject]>([
  ['qwen-image', { input: { prompt: 'p' }, parameters: { n: 1, size: '2K', seed: 7 } }],
  ['my-model', { input: { prompt: 'p' } }],
  ['my-model', { input: { prompt: 'p', negative_prompt: 'q' }, parameters: { negative_prompt: 'other' } }],
  ['my-model', { input: { messages }, parameters: { negative_prompt: 'q' } }],
])('nothing is changed that is in its place: %s %j', (model, body) => {
  expect(changesForKey(model, body)).toEqual([]);
});
