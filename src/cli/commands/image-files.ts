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
  /** True when the name's extension names another format than that of the bytes. */
  readonly isMisnamed: boolean;
}

/** The default folder of images. `OUTPUT_DIR` replaces its first part. */
export function defaultFolder({ OUTPUT_DIR }: Environment): string {
  return join(
    OUTPUT_DIR === undefined || OUTPUT_DIR === '' ? 'output' : OUTPUT_DIR,
    'ai-image-qwen-image',
    'images',
  );
}

/**
 * Writes images to the file `output` (several get a number before the extension), into `output` if it is a folder, or else
 * into `folder`. In a folder they are named by their content, so that no image replaces another.
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

/** Writes a file so that its name never shows half an image. */
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
    // It does not exist yet: it will be a file.
    return false;
  }
}
