import { AppError } from '../../core/errors.ts';
import { readParameters } from './parameters.ts';

export interface PartHead {
  readonly name: string;
  /** Undefined for a plain field. */
  readonly filename: string | undefined;
}

/** A name and a value, without control characters that could pass for a line end. */
const LINE = /^([\w!#$%&'*+.^`|~-]+):([^\0\r\n]*)$/;

/** Reads the head of one part (RFC 7578 section 4.2), whose parameters are UTF-8 as browsers write them. */
export function readPartHead(head: Uint8Array): PartHead {
  const headers = new Map<string, string>();
  for (const line of new TextDecoder().decode(head).split('\r\n')) {
    const [, name, value = ''] = LINE.exec(line) ?? [];
    if (name === undefined) throw malformed('The head of a part is malformed.');
    // The first of two counts.
    if (!headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value.trim());
  }
  const { value, parameters } = readParameters(headers.get('content-disposition') ?? '') ?? {};
  const name = parameters?.get('name') ?? '';
  if (name === '' || value !== 'form-data') throw malformed('A part of the form has no name.');
  const isBinary = readParameters(headers.get('content-type') ?? '')?.value === 'application/octet-stream';
  const filename = parameters?.get('filename*') ?? parameters?.get('filename') ?? '';
  return { name, filename: filename !== '' || isBinary ? filename : undefined };
}

function malformed(message: string): AppError {
  return new AppError('invalid_request', message);
}
