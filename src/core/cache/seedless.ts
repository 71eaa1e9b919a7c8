/**
 * What a request without a seed gets: the newest stored entry, always a new one, or each of the stored takes in turn
 * (up to `takes` of them).
 */
export type SeedlessPolicy = 'reuse' | 'fresh' | { readonly takes: number };
