/**
 * Fetches an image from a URL that a client named. It is the one place where a stranger chooses what we connect to, so
 * it refuses private, loopback, link-local and metadata addresses after DNS resolution, with the address pinned, and
 * checks every redirect again.
 *
 * Errors: `AppError` `reference_refused` (not http(s), credentials in the URL, an address that is not allowed) and
 * `reference_unavailable` (does not resolve, not 2xx, too slow, over the bound).
 */
export interface ReferenceFetcher {
  fetch(url: string, signal?: AbortSignal): Promise<Uint8Array>;
}
