import { describeImage } from '../images/reference.ts';
import type { Simulation } from '../state/simulation.ts';
import type { UploadFields } from '../state/upload-policy.ts';
import type { StoredUpload } from '../state/upload-store.ts';
import { type Bytes, concat } from '../util/bytes.ts';
import type { OssError } from '../vendor/oss-answers.ts';

/** The largest image that any model takes as a reference: the bytes of larger files are counted and dropped. */
const MAX_IMAGE_BYTES = 20 * 1024 * 1024;

/** Checks the fields that came before the file, and takes the file; or says, as OSS would, why not. */
export async function receiveFile(
  { clock, policies, uploads }: Simulation,
  fields: UploadFields,
  content: AsyncGenerator<Bytes>,
): Promise<StoredUpload | OssError> {
  const allowed = await policies.check(fields, clock.now());
  if ('code' in allowed) return allowed;
  const name = `oss://${allowed.key}`;
  const grant = uploads.findGrant(allowed.key);
  if (!grant) return { status: 403, code: 'AccessDenied', message: 'The folder was not granted.' };
  const { bytes, kept } = await readFile(content);
  if (bytes > allowed.maxBytes) {
    const message = 'Your proposed upload exceeds the maximum allowed size.';
    return { status: 400, code: 'EntityTooLarge', message };
  }
  const image = kept && (await describeImage(kept));
  return { ...grant, name, bytes, image, storedAt: clock.now() };
}

async function readFile(
  content: AsyncGenerator<Bytes>,
): Promise<{ readonly bytes: number; readonly kept: Bytes | undefined }> {
  const chunks: Bytes[] = [];
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.byteLength;
    if (bytes <= MAX_IMAGE_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return { bytes, kept: bytes <= MAX_IMAGE_BYTES ? concat(chunks) : undefined };
}
