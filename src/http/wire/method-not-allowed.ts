import type { Context } from 'hono';
import { AppError } from '../../core/errors.ts';

/** For the methods that a path of ours does not take. */
export function methodNotAllowed(allow: string): (c: Context) => never {
  return (c) => {
    throw new AppError('method_not_allowed', `This path takes ${allow}, not ${c.req.method}.`, { allow });
  };
}
