/** How long the vendor's result URLs live. */
export const URL_LIFE_MS = 24 * 60 * 60 * 1000;
