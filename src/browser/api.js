/** What the admin API says, and how it is asked. The shapes are those of /openapi.json. */

/** @typedef {{amount: number, currency: string}} Cost */
/** @typedef {{id: number, key: string, site: string, scope: string}} EntryName */
/** @typedef {{sha256: string, url: string, width: number, height: number, media_type: string, bytes: number}} Image */
/**
 * @typedef {object} EntrySummary
 * @property {number} id
 * @property {string} key
 * @property {string} site
 * @property {string} scope
 * @property {number} take
 * @property {string} model
 * @property {string} prompt
 * @property {string | null} size
 * @property {number | null} seed
 * @property {string} created_at
 * @property {string} used_at
 * @property {string | null} invalidated_at
 * @property {number} hits
 * @property {boolean} pinned
 * @property {string[]} tags
 * @property {Cost | null} cost
 * @property {Image[]} images
 */
/**
 * @typedef {object} EntryExtras
 * @property {unknown} canonical
 * @property {unknown} usage
 * @property {string | null} upstream_request_id
 * @property {number | null} elapsed_ms
 * @property {{position: number, field: string, sha256: string, known: boolean, drawn_by: EntryName[]}[]} references
 * @property {(EntryName & {prompt: string})[]} used_as_reference_by
 */
/** @typedef {EntrySummary & EntryExtras} EntryDetail */

/** What the API refused, in its own words. */
export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * An answer of the admin API. Who is not in any more is led to the door.
 * @template T
 * @param {string} path below /admin/api/
 * @param {{method?: string, json?: unknown, text?: string, headers?: Record<string, string>, signal?: AbortSignal}} [asked]
 * @returns {Promise<T>}
 */
export async function ask(path, { method = 'GET', json, text, headers = {}, signal } = {}) {
  const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
  const response = await fetch(`/admin/api/${path}`, {
    method,
    headers: body === undefined ? headers : { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
  // Where nobody signs in, it is the vendor's key that is missing.
  if (response.status === 401 && document.querySelector('form[action="/admin/logout"]')) toDoor();
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new ApiError(answer.detail ?? `The server answered ${response.status}.`, response.status);
}

function toDoor() {
  location.assign(`/admin/login?next=${encodeURIComponent(location.pathname + location.search)}`);
}

/**
 * The page of a recipe's takes, at one of them. Several scopes and sites may hold the key, so it says whose they are.
 * @param {Omit<EntryName, 'id' | 'site'> & Partial<EntryName>} entry
 */
export function entryPath({ key, scope, site, id }) {
  const whose = new URLSearchParams({ scope, ...(site === undefined ? {} : { site }) });
  return `/admin/entries/${encodeURIComponent(key)}?${whose}${id === undefined ? '' : `#entry-${id}`}`;
}

/**
 * What such a path says: where the API has the key, the query that shows all who are meant, and which of them.
 * @param {URL} page
 */
export function readEntryPath({ pathname, searchParams, hash }) {
  const sight = new URLSearchParams([...searchParams, ['all', 'true']]);
  return { path: `entries/${pathname.split('/').at(-1)}`, sight: `?${sight}`, hash };
}

/**
 * Under this very origin, wherever clients are told to fetch blobs from.
 * @param {string} sha256
 */
export function imagePath(sha256) {
  return `/blobs/${encodeURIComponent(sha256)}`;
}

/** @param {string} sha256 */
export function thumbnailPath(sha256) {
  return `/admin/thumbnails/${encodeURIComponent(sha256)}`;
}
