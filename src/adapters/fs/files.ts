import { dirname } from 'node:path';

/** The file operations of the driver: Node's own, or a test's in which one fails. */
export type FileOperations = Pick<
  typeof import('node:fs/promises'),
  'mkdir' | 'open' | 'readdir' | 'rename' | 'rm' | 'stat'
>;

/** Only the owner: images can be private, and the folder may be on a shared machine. */
export const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

/** Makes a directory and its parents where missing; returns those whose list of names it changed, outermost first. */
export async function makeDirectory(files: FileOperations, path: string): Promise<readonly string[]> {
  const first = await files.mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
  return first === undefined ? [] : pathsBetween(dirname(first), dirname(path));
}

/** Directories from `outer` down to `inner`, both included; `outer` is `inner` or one of its parents. */
export function pathsBetween(outer: string, inner: string): readonly string[] {
  const paths = [inner];
  for (let path = inner; path !== outer && path !== dirname(path); ) {
    path = dirname(path);
    paths.unshift(path);
  }
  return paths;
}

/** Makes the names in a directory durable: syncing a file saves its bytes, not the name that leads to them. */
export async function syncDirectory(files: FileOperations, path: string): Promise<void> {
  const handle = await files.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
