import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/core/json/json-text.ts';
import { cacheKey } from '../../src/core/recipe/cache-key.ts';
import { buildRecipe } from '../../src/core/recipe/recipe.ts';
import { findReferences } from '../../src/core/recipe/references.ts';
import { readGeneration, readModel } from '../../src/core/recipe/validate-generation.ts';
import type { Hasher } from '../../src/ports/hasher.ts';

/** One request and its key, for good. Vectors are only ever added at the end: a changed one would be a new key version. */
export interface GoldenVector {
  /** `same: …` has the canonical form of a vector before it; all others have one of their own. */
  readonly about: string;
  /** The request's JSON text, as it was sent. */
  readonly body: string;
  /** The name of each reference image, by field. */
  readonly references?: Readonly<Record<string, string>>;
  readonly dataInspection?: string;
  readonly canonical: string;
  readonly key: string;
}

/** The same requests have the same keys, whatever hashes them and wherever it runs. */
export function goldenKeySuite(
  name: string,
  vectors: readonly GoldenVector[],
  xxh128: Hasher['xxh128'],
): void {
  describe(`the golden vectors by ${name}`, () => {
    it.each(vectors)('$about', ({ body, references = {}, dataInspection, canonical, key }) => {
      const parsed = parseJson(body);
      expect(parsed.exactNumbers).toBe(true);
      const request = readModel(parsed.value);
      readGeneration(request.model, request.body);
      expect(
        findReferences(request.body)
          .map(({ field }) => field)
          .sort(),
      ).toEqual(Object.keys(references).sort());
      const recipe = buildRecipe({
        ...request,
        references: new Map(Object.entries(references)),
        dataInspection,
      });
      expect(recipe.canonical).toBe(canonical);
      expect(cacheKey(xxh128, canonical)).toBe(key);
    });
  });
}
