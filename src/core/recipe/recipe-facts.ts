import { isJsonObject, type JsonValue } from '../json/json-text.ts';

/** What a recipe says that people look for beside its words. */
export interface RecipeFacts {
  /** As it was asked for: `1024*1024`, or a name such as `2K`. */
  readonly size: string | undefined;
  readonly seed: number | undefined;
}

/** The facts in a canonical text. */
export function readFacts(canonical: string): RecipeFacts {
  const recipe: JsonValue = JSON.parse(canonical);
  const parameters = isJsonObject(recipe) ? recipe.parameters : undefined;
  const { size, seed } = isJsonObject(parameters) ? parameters : {};
  return {
    size: typeof size === 'string' ? size : undefined,
    seed: typeof seed === 'number' && Number.isSafeInteger(seed) ? seed : undefined,
  };
}
