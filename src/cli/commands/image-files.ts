import { createHash } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, format, join, parse } from 'node:path';
import { sniffMediaType } from '../../adapters/image-size/media-type.ts';
import type { Environment } from '../../config.ts';
import { allowsExtension, extensionOf } from '../../core/entries/blob.ts';
import { Failure } from '../failure.ts';

/** An image that was written. */
export interface WrittenImage {
  readonly path: string;
  /** The name's ending says another format than the bytes are in. */
  readonly isMisnamed: boolean;
}

/** Where images go that nothing else is said of; `OUTPUT_DIR` replaces the first part. */
export function defaultFolder({ OUTPUT_DIR }: Environment): string {
  return join(
    OUTPUT_DIR === undefined || OUTPUT_DIR === '' ? 'output' : OUTPUT_DIR,
    'ai-image-qwen-image',
    'images',
  );
}

/**
 * Writes images: to the file `output`, several with a number before its ending; into it, when it is a folder; else into
 * `folder`. In folders they are named by their content, so that no image replaces another.
 */
export async function writeImages(
  images: readonly Uint8Array[],
  { output, folder }: { readonly output: string | undefined; readonly folder: string },
): Promise<WrittenImage[]> {
  const into = output === undefined ? folder : (await isFolder(output)) ? output : undefined;
  const written: WrittenImage[] = [];
  for (const [index, bytes] of images.entries()) {
    const path =
      into !== undefined
        ? join(into, contentName(bytes))
        : numbered(output ?? folder, images.length === 1 ? undefined : index + 1);
    await writeWhole(path, bytes);
    written.push({ path, isMisnamed: isMisnamed(path, bytes) });
  }
  return written;
}

function contentName(bytes: Uint8Array): string {
  const mediaType = sniffMediaType(bytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  return `${digest.slice(0, 16)}.${mediaType === undefined ? 'bin' : extensionOf(mediaType)}`;
}

function isMisnamed(path: string, bytes: Uint8Array): boolean {
  const mediaType = sniffMediaType(bytes);
  const extension = extname(path).slice(1).toLowerCase();
  return mediaType !== undefined && extension !== '' && !allowsExtension(mediaType, extension);
}

function numbered(path: string, number: number | undefined): string {
  if (number === undefined) return path;
  const { dir, name, ext } = parse(path);
  return format({ dir, name: `${name}-${number}`, ext });
}

/** Under its name there is a whole image or none. */
async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`${path} cannot be written: ${reason}`, undefined, { cause });
  }
}

async function isFolder(path: string): Promise<boolean> {
  if (path.endsWith('/')) return true;
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not there yet: it is going to be a file.
    return false;
  }
}
