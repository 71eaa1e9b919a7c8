/** How a request was answered, in the terms of RFC 9211. */
export type CacheStatus =
  | { readonly kind: 'hit'; readonly ageSeconds: number; readonly detail?: string | undefined }
  | {
      readonly kind: 'forwarded';
      /** Why it went upstream: nothing stored, not wanted from the store, or too old. */
      readonly fwd: 'miss' | 'bypass' | 'stale';
      /** Upstream's status, when it was not 200. */
      readonly fwdStatus?: number | undefined;
      /** The answer is in the store now. */
      readonly stored: boolean;
      /** It waited for somebody else's flight. */
      readonly collapsed: boolean;
      readonly detail?: string | undefined;
    };

/** The `Cache-Status` field (RFC 9211 section 2). The key only for callers who may inspect. */
export function formatCacheStatus(status: CacheStatus, key?: string): string {
  const parts = ['dashcache'];
  if (status.kind === 'hit') {
    parts.push('hit');
  } else {
    parts.push(`fwd=${status.fwd}`);
    if (status.fwdStatus !== undefined) parts.push(`fwd-status=${status.fwdStatus}`);
    if (status.stored) parts.push('stored');
    if (status.collapsed) parts.push('collapsed');
  }
  if (key !== undefined) parts.push(`key="${key}"`);
  if (status.detail !== undefined) parts.push(`detail=${formatDetail(status.detail)}`);
  return parts.join('; ');
}

/** The short form that people grep for. */
export function formatXCache(status: CacheStatus): 'HIT' | 'MISS' | 'COALESCED' | 'BYPASS' {
  if (status.kind === 'hit') return 'HIT';
  if (status.fwd === 'bypass') return 'BYPASS';
  return status.collapsed ? 'COALESCED' : 'MISS';
}

/** A structured-field token where it is one, else a string (RFC 9651 sections 3.3.3 and 3.3.4). */
function formatDetail(detail: string): string {
  if (/^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*$/.test(detail)) return detail;
  const printable = detail.replace(/[^\x20-\x7e]/g, '?');
  return `"${printable.replace(/["\\]/g, '\\$&')}"`;
}
