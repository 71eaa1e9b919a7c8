/** An inclusive range of byte positions: 0 ≤ start ≤ end < size. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const UNIT_AND_SET = /^bytes=(.*)$/i;
const INT_RANGE = /^(\d+)-(\d*)$/;
const SUFFIX_RANGE = /^-(\d+)$/;

/**
 * What a `Range` header asks of `size` bytes (RFC 9110 section 14.1.2 and 14.2).
 *
 * - a range: answer 206 with it
 * - `ignore`: answer as if the header were absent. It is malformed, has another unit, or names several ranges, which a
 *   server may always answer with the whole.
 * - `unsatisfiable`: answer 416
 */
export function parseRange(header: string, size: number): ByteRange | 'ignore' | 'unsatisfiable' {
  const set = UNIT_AND_SET.exec(header.trim())?.[1];
  if (set === undefined) return 'ignore';
  // A list may have empty elements (RFC 9110 section 5.6.1.2).
  const specs = set
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '');
  const spec = specs[0];
  if (spec === undefined || specs.length > 1) return 'ignore';

  const suffix = SUFFIX_RANGE.exec(spec)?.[1];
  if (suffix !== undefined) return lastBytes(Number(suffix), size);

  const [, first, last] = INT_RANGE.exec(spec) ?? [];
  if (first === undefined) return 'ignore';
  // Positions beyond 2^53 lose digits, but they are beyond any size too.
  const start = Number(first);
  const end = last === undefined || last === '' ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return 'ignore';
  if (start >= size) return 'unsatisfiable';
  return { start, end: Math.min(end, size - 1) };
}

function lastBytes(count: number, size: number): ByteRange | 'ignore' | 'unsatisfiable' {
  if (count === 0) return 'unsatisfiable';
  // Satisfiable by the RFC's words, but `Content-Range` cannot express a range of nothing.
  if (size === 0) return 'ignore';
  return { start: Math.max(0, size - count), end: size - 1 };
}
