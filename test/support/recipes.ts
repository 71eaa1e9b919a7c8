import { readGeneration, readModel } from '../../src/core/generation.ts';
import { parseJson } from '../../src/core/json-text.ts';
import { buildRecipe, type Recipe } from '../../src/core/recipe.ts';
import { findReferences } from '../../src/core/references.ts';

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
