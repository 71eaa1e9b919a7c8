import type { Context } from 'hono';
import type { HttpServices } from '../dependencies.ts';
import { requestRecordOf } from './request-record.ts';

/** For a body that fails when its head is sent: breaks the connection off, so that nobody takes it for whole, and reports why. */
export function breakOff(
  c: Context,
  { platform, reporter }: Pick<HttpServices, 'platform' | 'reporter'>,
): (cause: unknown) => void {
  return (cause) => {
    platform.cut(c);
    const { requestId } = requestRecordOf(c);
    reporter.report({ type: 'failure', where: c.req.path, requestId, cause });
  };
}
