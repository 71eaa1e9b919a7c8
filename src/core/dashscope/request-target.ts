import { AppError } from '../errors.ts';

/** What every server reads alike, as nearly all paths are. */
const PLAIN = /^\/[\w/-]*$/;

/** Servers that decode what is decoded already do it once or twice. */
const MAX_DECODINGS = 3;

/** A path that upstream might read as another one than we routed by is nobody's honest request. */
export function requireStraight(target: string): string {
  if (PLAIN.test(target)) return target;
  const isStraight = target.startsWith('/') && !pathOf(target).includes('\\');
  if (isStraight && !lenientSegments(target).some((segment) => segment === '.' || segment === '..'))
    return target;
  throw new AppError('invalid_request', 'The path must not hold dot segments.', { field: 'path' });
}

/** A base URL that ends in `/api/v1` before paths that begin with it: said twice, it is meant once. */
export function withoutDoubledBase(path: string): string {
  return path.replace(/^(?:\/api\/v1)+(?=\/api\/v1(?:[/?]|$))/, '');
}

/**
 * What the vendor is asked in place of a target: `/v1` here holds OpenAI's images, and there everything of OpenAI's is under
 * `/compatible-mode`. So one base URL serves images and chat.
 */
export function upstreamTarget(target: string): string {
  return target.startsWith('/v1/') ? `/compatible-mode${target}` : withoutDoubledBase(target);
}

/**
 * The segments of a path as the most lenient server reads them: decoded as often as it goes, backslashes as slashes, repeated
 * slashes as one, without parameters and what is blank or a dot at a segment's end, in lower case. For refusing only.
 */
export function segmentsOf(target: string): readonly string[] {
  return lenientSegments(target)
    .map((segment) => segment.replace(/[. ]+$/, ''))
    .filter((segment) => segment !== '');
}

function lenientSegments(target: string): readonly string[] {
  return decoded(pathOf(target))
    .replaceAll('\\', '/')
    .split('/')
    .map((segment) => (segment.split(';', 1)[0] ?? '').trim());
}

function pathOf(target: string): string {
  return target.split(/[?#]/, 1)[0] ?? '';
}

/** Control characters become blanks; look-alikes of ASCII (full width, the Kelvin sign) what they look like. */
function decoded(path: string): string {
  let text = path;
  for (let times = 0; times < MAX_DECODINGS; times += 1) text = text.replace(/(%[\da-f]{2})+/gi, decodeBytes);
  return text
    .replace(/\p{Cc}/gu, ' ')
    .normalize('NFKC')
    .toLowerCase();
}

function decodeBytes(encoded: string): string {
  const bytes = (encoded.match(/[\da-f]{2}/gi) ?? []).map((digits) => Number.parseInt(digits, 16));
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
