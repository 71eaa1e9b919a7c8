import { AppError } from '../errors.ts';

/** A dot segment between separators as any server reads them: encoded ones, and parameters after a semicolon. */
const DOT_SEGMENT = /(^|\/|%2f|%5c)(\.|%2e){1,2}(\/|%2f|%5c|;|$)/i;

/** A path that upstream might read as another one than we routed by is nobody's honest request. */
export function requireStraight(target: string): string {
  const path = target.split('?', 1)[0] ?? '';
  if (path.startsWith('/') && !DOT_SEGMENT.test(path) && !path.includes('\\')) return target;
  throw new AppError('invalid_request', 'The path must not hold dot segments.', { field: 'path' });
}
