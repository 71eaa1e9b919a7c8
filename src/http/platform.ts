import type { Context } from 'hono';

/** What the routes need of the runtime's own HTTP server, beyond what a Web `Request` tells. */
export interface Platform {
  /** The address that the request came from, for throttling. */
  clientAddress(c: Context): string;
  /** The request as it was sent, head and body, where the runtime kept it; see `RequestMemo`. */
  textOfRequest(c: Context): string | undefined;
  /** Path and query exactly as they stood in the request line. */
  rawTarget(c: Context): string;
  /** Breaks the connection off, so that a body that failed midway is not taken for a whole one. */
  cut(c: Context): void;
}
