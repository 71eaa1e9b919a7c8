import type { BlobRecord } from '../../core/entries/blob.ts';
import type { BlobDriver } from '../../ports/blob-driver.ts';
import type { Hasher } from '../../ports/hasher.ts';
import type { EntryStore } from '../entries/entry-store.ts';

/** What `copyBlobs` did, in images. */
export interface CopiedBlobs {
  /** That the rows name. */
  readonly images: number;
  /** Written now; the others were there. */
  readonly copied: number;
  /** Bytes written now. */
  readonly bytes: number;
  /** Missing or damaged where they should come from, and not at the target either. */
  readonly damaged: number;
}

export interface BlobCopy {
  readonly from: BlobDriver;
  readonly to: BlobDriver;
  readonly hasher: Pick<Hasher, 'sha256'>;
  /** Reads what the target has, instead of believing its length. */
  readonly provesTarget?: boolean;
}

const SLICE = 100;

/** Copies every blob that has a row, each proven by its digest before it is published. */
export async function copyBlobs(rows: EntryStore, copy: BlobCopy): Promise<CopiedBlobs> {
  const counts = { images: 0, copied: 0, bytes: 0, damaged: 0 };
  for (let after = ''; ; ) {
    const slice = await rows.blobsAfter(after, SLICE);
    for (const blob of slice) {
      counts.images += 1;
      if (await isThere(blob, copy)) continue;
      if (await copyOne(blob, copy)) {
        counts.copied += 1;
        counts.bytes += blob.size;
      } else counts.damaged += 1;
    }
    const last = slice.at(-1);
    if (last === undefined) return counts;
    after = last.digest;
  }
}

/** The digests of all that a driver has. */
export async function listDigests(driver: BlobDriver): Promise<readonly string[]> {
  const digests: string[] = [];
  for await (const { digest } of driver.list()) digests.push(digest);
  return digests;
}

async function isThere(
  { digest, size }: BlobRecord,
  { to, hasher, provesTarget }: BlobCopy,
): Promise<boolean> {
  if ((await to.size(digest)) !== size) return false;
  if (provesTarget !== true) return true;
  const content = await to.read(digest);
  const hash = hasher.sha256();
  for await (const chunk of chunksOf(content?.body)) hash.update(chunk);
  return (await hash.digest()) === digest;
}

async function copyOne({ digest, size }: BlobRecord, { from, to, hasher }: BlobCopy): Promise<boolean> {
  const content = await from.read(digest);
  if (content === undefined || content.size !== size) return false;
  const stage = await to.stage();
  try {
    const hash = hasher.sha256();
    for await (const chunk of chunksOf(content.body)) {
      hash.update(chunk);
      await stage.write(chunk);
    }
    if ((await hash.digest()) !== digest) return false;
    await stage.commit(digest, size);
    return true;
  } finally {
    await stage.discard();
  }
}

async function* chunksOf(
  body: Uint8Array | AsyncIterable<Uint8Array> | undefined,
): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) yield body;
  else if (body !== undefined) yield* body;
}
