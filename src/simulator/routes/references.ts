import type { Clock } from '../../ports/clock.ts';
import { describeImage, type Reference } from '../images/reference.ts';
import type { Simulation } from '../state/simulation.ts';
import type { StoredUpload } from '../state/upload-store.ts';
import { type Bytes, readUpTo } from '../util/bytes.ts';
import type { GenerationRequest } from '../vendor/generation-request.ts';
import { invalidParameter, Refusal, refusalFor } from '../vendor/refusal.ts';
import type { SimulatorContext } from './request-context.ts';

const DOWNLOAD_TIMEOUT_MS = 10_000;

interface ReferenceRules {
  readonly maxBytes: number;
  readonly clock: Clock;
  /** The upload of this name, if the caller may use it. Absent unless the caller asked for names to be resolved. */
  readonly findUpload: ((name: string) => StoredUpload | undefined) | undefined;
}

/** Fetches or decodes a request's references, in order; throws the Refusal for one that the vendor could not use. */
export async function resolveReferences(
  c: SimulatorContext,
  { clock, uploads }: Simulation,
  { references, family, model }: GenerationRequest,
  account: string,
): Promise<Reference[]> {
  const asked = c.req.header('x-dashscope-ossresourceresolve') === 'enable';
  const findUpload = (name: string) => uploads.find(name, { account, model }, clock.now());
  const rules = {
    maxBytes: family.references.maxBytes,
    clock,
    findUpload: asked ? findUpload : undefined,
  };
  return Promise.all(references.map((reference) => resolveReference(reference, rules)));
}

async function resolveReference(reference: string, rules: ReferenceRules): Promise<Reference> {
  if (reference.startsWith('oss://')) return resolveUpload(reference, rules);
  const bytes = reference.startsWith('data:')
    ? decodeDataUri(reference)
    : await download(reference, rules.maxBytes, rules.clock);
  if (bytes.byteLength > rules.maxBytes) throw tooLarge(rules.maxBytes);
  const described = await describeImage(bytes);
  if (!described) throw refusalFor('BadRequest.UnsupportedFileFormat');
  return described;
}

function resolveUpload(name: string, { findUpload, maxBytes }: ReferenceRules): Reference {
  if (!findUpload) throw refusalFor('InvalidURL');
  const upload = findUpload(name);
  if (!upload) throw refusalFor('InvalidParameter.DataInspection');
  if (upload.bytes > maxBytes) throw tooLarge(maxBytes);
  if (!upload.image) throw refusalFor('BadRequest.UnsupportedFileFormat');
  return upload.image;
}

function decodeDataUri(uri: string): Bytes {
  const match = /^data:image\/[\w.+-]+;base64,([A-Za-z0-9+/]+={0,2})$/.exec(uri);
  if (!match?.[1]) throw refusalFor('InvalidParameter.DataInspection');
  try {
    return Uint8Array.from(atob(match[1]), (character) => character.charCodeAt(0));
  } catch (cause) {
    throw causedBy(refusalFor('InvalidParameter.DataInspection'), cause);
  }
}

async function download(url: string, maxBytes: number, clock: Clock): Promise<Bytes> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw refusalFor('InvalidURL');
  const deadline = new AbortController();
  const answered = new AbortController();
  clock.sleep(DOWNLOAD_TIMEOUT_MS, answered.signal).then(
    () => deadline.abort(),
    () => {
      // The download ended first.
    },
  );
  try {
    const response = await fetch(url, { signal: deadline.signal });
    if (!response.ok) throw refusalFor('BadRequest.InputDownloadFailed');
    const bytes = await readUpTo(response.body, maxBytes);
    if (!bytes) throw tooLarge(maxBytes);
    return bytes;
  } catch (error) {
    throw error instanceof Refusal ? error : causedBy(refusalFor('BadRequest.InputDownloadFailed'), error);
  } finally {
    answered.abort();
  }
}

function tooLarge(maxBytes: number): Refusal {
  return invalidParameter(`The size of an image must not exceed ${maxBytes / 1024 / 1024}MB.`);
}

function causedBy(refusal: Refusal, cause: unknown): Refusal {
  refusal.cause = cause;
  return refusal;
}
