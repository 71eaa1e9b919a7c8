/** The header that names a caller's trace and its part in it (W3C Trace Context). */
export const TRACEPARENT = 'traceparent';

/** Every header of a trace's context. */
export const TRACE_HEADER = /^trace(parent|state)$/i;

const FORM = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The trace that a `traceparent` belongs to; undefined for none, and for one that is malformed. */
export function traceIdOf(traceparent: string | undefined): string | undefined {
  if (traceparent === undefined) return undefined;
  const [, version, traceId, rest] = FORM.exec(traceparent) ?? [];
  // Only versions to come may say more.
  return version === '00' && rest !== undefined ? undefined : traceId;
}
