import { AppError } from '../errors.ts';

/** What the client asks of the cache: the words of RFC 9111 section 5.2.1, applied to POST, and the take. */
export interface Directives {
  /** Buy fresh, then store; neither read nor join a flight. */
  readonly noCache: boolean;
  /** Neither read nor store nor let others join. */
  readonly noStore: boolean;
  /** Answer from the cache or not at all. */
  readonly onlyIfCached: boolean;
  /** A stored entry counts only up to this age, in seconds. */
  readonly maxAgeSeconds: number | undefined;
  /** The take asked for by number. */
  readonly take: number | undefined;
}

export const NO_DIRECTIVES: Directives = {
  noCache: false,
  noStore: false,
  onlyIfCached: false,
  maxAgeSeconds: undefined,
  take: undefined,
};

/** Above this a take number is a mistake rather than a wish. */
export const MAX_TAKE = 1000;

/** A directive and its argument, a token or a quoted string (RFC 9111 section 5.2), which may hold commas. */
const DIRECTIVE = /([^\s,="]+)(?:\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,]*))?/g;

/** Reads `Cache-Control` and `X-Dashcache-Take`. Unknown directives are ignored, as RFC 9111 section 5.2.3 asks. */
export function readDirectives(cacheControl: string | undefined, take: string | undefined): Directives {
  if (cacheControl === undefined && take === undefined) return NO_DIRECTIVES;
  const words = new Map<string, string>();
  for (const [, name = '', value = ''] of (cacheControl ?? '').matchAll(DIRECTIVE)) {
    words.set(name.toLowerCase(), value.replace(/^"(.*)"$/, '$1'));
  }
  return {
    noCache: words.has('no-cache'),
    noStore: words.has('no-store'),
    onlyIfCached: words.has('only-if-cached'),
    maxAgeSeconds: readMaxAge(words.get('max-age')),
    take: take === undefined ? undefined : readTake(take),
  };
}

/**
 * The directives of a request for a stream. The Java SDK sends `no-cache` with every one, as the protocol of EventSource
 * has it, and not as a wish to pay again: it is ignored. Whoever wants a fresh picture says `max-age=0`.
 */
export function forStream(directives: Directives): Directives {
  return directives.noCache ? { ...directives, noCache: false } : directives;
}

function readMaxAge(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  if (!/^\d+$/.test(value)) {
    throw new AppError('invalid_request', 'Cache-Control: max-age must be a whole number of seconds.', {
      field: 'Cache-Control',
    });
  }
  return Number(value);
}

function readTake(value: string): number {
  const take = /^\d{1,6}$/.test(value) ? Number(value) : Number.NaN;
  if (take >= 1 && take <= MAX_TAKE) return take;
  throw new AppError('invalid_request', `X-Dashcache-Take must be a whole number from 1 to ${MAX_TAKE}.`, {
    field: 'X-Dashcache-Take',
  });
}

/** Whether an answer of an age, in seconds, is young enough. Zero asks for a new one, even within the same second. */
export function isFresh(ageSeconds: number, { maxAgeSeconds }: Pick<Directives, 'maxAgeSeconds'>): boolean {
  return maxAgeSeconds === undefined || (maxAgeSeconds > 0 && ageSeconds <= maxAgeSeconds);
}
