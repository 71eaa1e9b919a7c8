import type { Refused } from './may-have-drawn.ts';

/** Codes that speak of the account although their status does not. */
const ACCOUNT_CODE =
  /^(Arrearage|InvalidApiKey|.*AccessDenied.*|.*Unpurchased|.*Quota.*|Throttling.*|.*BillOverdue)$/i;

/** Whether a refusal is about who asked, not about what was asked: another account may be served. */
export function isAccountRefusal({ status, code = '' }: Refused): boolean {
  return [401, 402, 403, 429].includes(status) || (status >= 400 && status < 500 && ACCOUNT_CODE.test(code));
}
