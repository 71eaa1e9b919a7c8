/**
 * The version of the canonical form. Any change of what `recipe.ts` writes needs a new version: old entries must miss
 * rather than be found under a form that meant something else.
 */
const KEY_VERSION = 'k1';

/** XXH3-128 of a recipe's canonical text, printed `k1:<32 hex>`. Fast, not collision-proof: hits compare the text too. */
export function cacheKey(xxh128: (bytes: Uint8Array) => string, canonical: string): string {
  return `${KEY_VERSION}:${xxh128(new TextEncoder().encode(canonical))}`;
}

export function isCacheKey(text: string): boolean {
  return /^k1:[0-9a-f]{32}$/.test(text);
}
