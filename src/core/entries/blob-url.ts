const BLOB_PATH = /^\/blobs\/([0-9a-f]{64})(?:\.[a-z]+)?$/;

/**
 * The digest (64 lower-case hex digits) in a blob URL of ours; undefined for any other URL. `bases` are the URLs that blobs
 * are served under. Compared as parsed URLs: case of the host, query, fragment and doubled slashes mean nothing.
 */
export function digestInBlobUrl(url: string, bases: readonly string[]): string | undefined {
  if (!url.includes('/blobs/') || !URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  for (const base of bases) {
    if (!URL.canParse(base) || new URL(base).origin !== origin) continue;
    const prefix = new URL(base).pathname.replace(/\/+$/, '');
    const path = pathname.replace(/\/{2,}/g, '/');
    if (path.startsWith(prefix)) return BLOB_PATH.exec(path.slice(prefix.length))?.[1];
  }
  return undefined;
}
