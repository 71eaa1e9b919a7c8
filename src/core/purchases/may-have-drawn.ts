/** What upstream, or a gateway before it, said instead of a success. */
export interface Refused {
  readonly status: number;
  /** The vendor's error code. */
  readonly code?: string | undefined;
  /** The vendor's message, or the text of a gateway's page. */
  readonly message?: string | undefined;
}

/** The vendor's codes for a drawing that took too long: it may be finished all the same. */
const TIMEOUT_CODE = /time_?-?out/i;

/**
 * What gateways say of a connection that was cut after the request had gone through it (nginx, Envoy, HAProxy). A connection
 * that could not be made ("connect error", "connection failure", "connection refused") is not among them.
 */
const CUT_OFF =
  /prematurely closed|connection termination|connection (was )?(closed|reset|lost|aborted)|reset by peer|remote reset|broken pipe|socket hang up|unexpected eof|(read|upstream|gateway|response|stream|request).{0,20}time[d-]?\s?-?out|deadline exceeded/i;

/**
 * Whether a picture may have been drawn, and paid for, although upstream reports a failure. Such a request is never sent
 * again, by nobody: 504, a timeout in the vendor's own words, or a gateway that lost the vendor in the middle.
 */
export function mayHaveDrawn({ status, code = '', message = '' }: Refused): boolean {
  if (status === 504 || status === 408) return true;
  if (status < 500 || status === 508) return false;
  return TIMEOUT_CODE.test(code) || CUT_OFF.test(message);
}
