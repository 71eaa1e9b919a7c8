/** What upstream, or a gateway before it, said instead of a success. */
export interface Refused {
  readonly status: number;
  /** The vendor's error code. */
  readonly code?: string | undefined;
  /** The vendor's message, or the text of a gateway's page. */
  readonly message?: string | undefined;
}

/**
 * Statuses that say by themselves that the answer to what was sent did not come: too slow, or (520, 524 of Cloudflare, 598 of
 * other proxies) lost on the way back. 521, 522, 523 and 599 tell of a connection that could not be made.
 */
const GAVE_UP: ReadonlySet<number> = new Set([408, 504, 520, 524, 598]);

/** The vendor's codes for a drawing that took too long: it may be finished all the same. */
const TIMEOUT_CODE = /time_?-?out/i;

/**
 * What gateways say of a connection that was cut after the request had gone through it (nginx, Envoy, HAProxy, Apache, proxies
 * on Node and Go; 超时 is "timed out"). A connection that could not be made ("connect error", "connection failure",
 * "connection refused") is not among them.
 */
const CUT_OFF = new RegExp(
  [
    'prematurely closed|connection termination|connection (was )?(closed|reset|lost|aborted)|reset by peer|remote reset',
    'broken pipe|EPIPE|ECONNRESET|socket hang up|unexpected eof|(incomplete|empty) (response|reply)|error reading from',
    '(read|upstream|gateway|response|stream|request).{0,20}time[d-]?\\s?-?out|deadline[ _]exceeded|超时',
  ].join('|'),
  'i',
);

/**
 * Whether a picture may have been drawn, and paid for, although upstream reports a failure. Such a request is never sent
 * again, by nobody: a status that says so, a timeout in the vendor's own words, or a gateway that lost the vendor in the middle.
 */
export function mayHaveDrawn({ status, code = '', message = '' }: Refused): boolean {
  if (GAVE_UP.has(status)) return true;
  if (status < 500 || status === 508) return false;
  return TIMEOUT_CODE.test(code) || CUT_OFF.test(message);
}
