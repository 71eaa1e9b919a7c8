/** What a conditional request is compared with. */
export interface Validators {
  /** The strong entity tag, with its quotes. */
  readonly etag: string;
  /** Epoch milliseconds; HTTP dates know whole seconds only. */
  readonly modifiedAt: number;
}

const ENTITY_TAG = /(?:W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** True when the client has this very content already: 304 (RFC 9110 sections 13.1.2, 13.1.3 and 13.2.2). */
export function isNotModified(headers: Headers, validators: Validators): boolean {
  const noneMatch = headers.get('if-none-match');
  // `If-Modified-Since` counts only without the other one.
  if (noneMatch === null) return isUnchangedSince(headers.get('if-modified-since'), validators.modifiedAt);
  if (noneMatch.trim() === '*') return true;
  // Weak comparison: a `W/` makes no difference.
  for (const [, tag] of noneMatch.matchAll(ENTITY_TAG)) if (tag === validators.etag) return true;
  return false;
}

/** False when a `Range` was meant for another content than ours (RFC 9110 section 13.1.5). */
export function isRangeApplicable(headers: Headers, validators: Validators): boolean {
  const ifRange = headers.get('if-range')?.trim();
  if (ifRange === undefined) return true;
  // Strong comparison for tags, an exact match for dates.
  return ifRange === validators.etag || Date.parse(ifRange) === toSeconds(validators.modifiedAt);
}

function isUnchangedSince(header: string | null, modifiedAt: number): boolean {
  // NaN for a date that is none: the comparison is false, and the header ignored as it shall be.
  return header !== null && toSeconds(modifiedAt) <= Date.parse(header);
}

function toSeconds(epochMs: number): number {
  return Math.floor(epochMs / 1000) * 1000;
}
