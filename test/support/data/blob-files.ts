import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Stack } from '../servers/stack.ts';

/** The file that holds the blob of a URL. */
export function blobFile(stack: Stack, url: string): string {
  const [, digest = ''] = /\/blobs\/([0-9a-f]{64})/.exec(url) ?? [];
  return join(stack.folder, 'data', 'blobs', digest.slice(0, 2), digest.slice(2, 4), digest);
}

/** Digests of the blob files that are on the disk. */
export async function listBlobFiles(stack: Stack): Promise<readonly string[]> {
  const names = await readdir(join(stack.folder, 'data', 'blobs'), { recursive: true });
  return names.flatMap((name) => /[0-9a-f]{64}$/.exec(name)?.[0] ?? []).sort();
}
