import { expect } from 'vitest';
import { parseJson } from '../../../src/core/json/json-text.ts';
import { buildRecipe, type Recipe } from '../../../src/core/recipe/recipe.ts';
import { findReferences } from '../../../src/core/recipe/references.ts';
import { readGeneration, readModel } from '../../../src/core/recipe/validate-generation.ts';

export interface RecipeOptions {
  readonly dataInspection?: string | undefined;
  /** The name of each reference image by what the client wrote; what is not here keeps its own. */
  readonly names?: Readonly<Record<string, string>> | undefined;
}

/** The recipe of a request's text, as the front door makes it. */
export function recipeOf(text: string, { dataInspection, names = {} }: RecipeOptions = {}): Recipe {
  const { model, body } = readModel(parseJson(text).value);
  readGeneration(model, body);
  const references = new Map(findReferences(body).map(({ field, value }) => [field, names[value] ?? value]));
  return buildRecipe({ model, body, references, dataInspection });
}

/** The canonical form of a request given as a value. */
export function canonicalOf(body: unknown, options?: RecipeOptions): string {
  return recipeOf(JSON.stringify(body), options).canonical;
}

/** The model that the builders below name. */
export const MODEL = 'qwen-image-max';

/** A user message with these items. */
export function message(...content: object[]): object {
  return { role: 'user', content };
}

/** A request of the message shape. */
export function messages(...list: object[]): object {
  return { model: MODEL, input: { messages: list } };
}

/** A request of the prompt shape with these parameters. */
export function parameters(values: object, model = MODEL): object {
  return { model, input: { prompt: 'a cat' }, parameters: values };
}

/** All requests are one recipe. */
export function expectSame(...bodies: unknown[]): void {
  expect(new Set(bodies.map((body) => canonicalOf(body))).size).toBe(1);
}

/** Each request is a recipe of its own. */
export function expectDifferent(...bodies: unknown[]): void {
  expect(new Set(bodies.map((body) => canonicalOf(body))).size).toBe(bodies.length);
}
