import { readErrorBody } from './error-body.ts';

/**
 * Whether a refusal says that a file which the request names could not be had: by the vendor's error page, and by what it
 * answers to an `oss://` name that has died. The inspection of its content is another matter.
 */
export function saysFileIsLost(status: number, body: Uint8Array): boolean {
  if (status < 400 || status >= 500) return false;
  const { code = '', message = '' } = readErrorBody(body);
  const isCode = /^(InvalidURL|InvalidParameter\.DataInspection|BadRequest\.InputDownloadFailed)$/.test(code);
  return isCode || /\b(download|oss:)/i.test(message);
}
