import * as v from 'valibot';
import type { ErrorCode } from '../../core/errors.ts';
import { closed, means, type Read, whole } from '../../core/schema.ts';

/** An error as RFC 9457 has it. */
export const Problem = means(
  'An error (RFC 9457). `code` is stable, `detail` is for people.',
  closed({
    // Nothing stands behind it: the status and the code say what it is.
    type: v.literal('about:blank'),
    title: means("The status's own name.", v.string()),
    status: whole(400, 599),
    detail: means('What went wrong, and what to do about it.', v.string()),
    code: v.pipe(
      v.custom<ErrorCode>((code) => typeof code === 'string'),
      v.metadata({ type: 'string', pattern: '^[a-z_]+$' }),
    ),
    field: v.exactOptional(means('The field of the request that is at fault, as a path.', v.string())),
    upstream_code: v.exactOptional(means("The vendor's own code, where it refused.", v.string())),
    request_id: v.string(),
  }),
);
export type ProblemBody = Read<typeof Problem>;
