import { AppError } from '../../core/errors.ts';

export interface PartHead {
  readonly name: string;
  /** Undefined for a plain field. */
  readonly filename: string | undefined;
}

/** Reads the head of one part (RFC 7578 section 4.2), whose parameters are UTF-8 as browsers write them. */
export function readPartHead(head: Uint8Array): PartHead {
  const headers = new Map(
    new TextDecoder()
      .decode(head)
      .split('\r\n')
      .map((line) => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );
  const disposition = headers.get('content-disposition') ?? '';
  const name = findParameter(disposition, 'name');
  if (name === undefined || !/^form-data\s*;/i.test(disposition)) {
    throw new AppError('invalid_request', 'A part of the form has no name.');
  }
  const isBinary = headers.get('content-type')?.toLowerCase() === 'application/octet-stream';
  const filename = findParameter(disposition, 'filename') ?? (isBinary ? '' : undefined);
  return { name, filename };
}

function findParameter(disposition: string, name: string): string | undefined {
  const pattern = new RegExp(`;\\s*${name}=(?:"((?:\\\\.|[^"\\\\])*)"|([^;\\s]+))`, 'i');
  const [, quoted, bare] = pattern.exec(disposition) ?? [];
  return quoted?.replace(/\\(.)/g, '$1') ?? bare;
}
