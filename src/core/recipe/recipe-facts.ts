import { isJsonObject, type JsonValue } from '../json/json-value.ts';

/** What a recipe says that people look for beside its words. */
export interface RecipeFacts {
  /** As it was asked for: `1024*1024`, or a name such as `2K`. */
  readonly size: string | undefined;
  readonly seed: number | undefined;
  /** How many pictures it asks for; undefined where that is not known, or `n` is a bound only. */
  readonly count: number | undefined;
}

/** The facts in a canonical text. */
export function readFacts(canonical: string): RecipeFacts {
  const recipe: JsonValue = JSON.parse(canonical);
  const parameters = isJsonObject(recipe) ? recipe.parameters : undefined;
  const { size, seed, n, enable_sequential, enable_interleave } = isJsonObject(parameters) ? parameters : {};
  // A sequence, and a story with pictures in it, end where the model sees fit.
  const isBound = enable_sequential === true || enable_interleave === true;
  return {
    size: typeof size === 'string' ? size : undefined,
    seed: typeof seed === 'number' && Number.isSafeInteger(seed) ? seed : undefined,
    count: typeof n === 'number' && !isBound ? n : undefined,
  };
}
