import { describe, expect, it } from 'vitest';
import { isAccountRefusal } from '../../../src/core/purchases/account-refusal.ts';
import { mayHaveDrawn, type Refused } from '../../../src/core/purchases/may-have-drawn.ts';

describe('may have drawn', () => {
  it.each<Refused>([
    { status: 504 },
    { status: 408, code: 'RequestTimeOut' },
    { status: 500, code: 'RequestTimeOut' },
    { status: 500, code: 'InternalError.Timeout' },
    { status: 502, message: 'upstream prematurely closed connection while reading response header' },
    { status: 503, message: 'reset before headers. reset reason: connection termination' },
    { status: 503, message: 'reset reason: remote reset' },
    { status: 502, message: 'Connection reset by peer' },
    { status: 500, message: 'Response timed out' },
    { status: 502, message: 'socket hang up' },
    { status: 524, message: '<title>524: A timeout occurred</title>' },
    { status: 520, message: 'error code: 520' },
    { status: 598 },
    { status: 502, message: 'The server returned an invalid or incomplete response.' },
    { status: 500, message: 'Error occurred while trying to proxy: read ECONNRESET' },
    { status: 502, message: 'write EPIPE' },
    { status: 500, message: 'context DEADLINE_EXCEEDED' },
    { status: 500, code: 'InternalError', message: '服务处理超时，请稍后重试' },
    { status: 502, message: 'Error reading from remote server' },
    { status: 503, message: 'The server was unable to complete your request: empty reply from server' },
  ])('%o', (refused) => {
    expect(mayHaveDrawn(refused)).toBe(true);
  });

  it.each<Refused>([
    { status: 400, message: 'connection closed' },
    { status: 401 },
    { status: 429, message: 'Requests rate limit exceeded, please try again later.' },
    { status: 500, code: 'InternalError' },
    { status: 502 },
    { status: 503, code: 'ModelUnavailable' },
    { status: 503, message: 'reset before headers. reset reason: connection failure' },
    { status: 502, message: 'connect() failed (111: Connection refused) while connecting to upstream' },
    { status: 502, message: 'connect ECONNREFUSED 10.0.0.1:443' },
    { status: 502, message: 'connect ETIMEDOUT 10.0.0.1:443' },
    { status: 503, message: 'upstream connect error; reset reason: connection timeout' },
    { status: 521 },
    { status: 522, message: '<title>522: Connection timed out</title>' },
    { status: 508 },
  ])('but not %o', (refused) => {
    expect(mayHaveDrawn(refused)).toBe(false);
  });
});

describe('a refusal that is about the account', () => {
  it.each<Refused>([
    { status: 401, code: 'InvalidApiKey' },
    { status: 403, code: 'AccessDenied.Unpurchased' },
    { status: 400, code: 'Arrearage' },
    { status: 429, code: 'PrepaidBillOverdue' },
    { status: 403, code: 'AllocationQuota.FreeTierOnly' },
    { status: 429, code: 'Throttling.RateQuota' },
  ])('%o', (refused) => {
    expect(isAccountRefusal(refused)).toBe(true);
  });

  it.each<Refused>([
    { status: 400, code: 'InvalidParameter' },
    { status: 400, code: 'DataInspectionFailed' },
    { status: 500, code: 'InternalError' },
    { status: 404, code: 'ModelNotFound' },
  ])('but not %o', (refused) => {
    expect(isAccountRefusal(refused)).toBe(false);
  });
});
