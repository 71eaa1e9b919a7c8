import { randomBytes } from 'node:crypto';
import { chmod, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/errors.ts';
import { SECRET_FILE } from './store-parts.ts';

const SECRET_BYTES = 32;

/**
 * The folder's secret, made when it is missing. Only for the owner of the folder: two at a time would make two.
 * A secret of another length is damaged (`config`); it is never replaced, since all fingerprints hang on it.
 */
export async function readOrCreateSecret(folder: string): Promise<Uint8Array> {
  const path = join(folder, SECRET_FILE);
  const secret = (await findFile(path)) ?? (await createSecret(folder, path));
  if (secret.byteLength !== SECRET_BYTES) {
    throw new AppError(
      'config',
      `data folder ${folder} is damaged: its file "secret" is not of ${SECRET_BYTES} bytes`,
    );
  }
  await chmod(path, 0o600);
  return secret;
}

async function findFile(path: string): Promise<Uint8Array | undefined> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written aside and renamed, so that a crash leaves the whole secret or none. */
async function createSecret(folder: string, path: string): Promise<Uint8Array> {
  const secret = new Uint8Array(randomBytes(SECRET_BYTES));
  const unfinished = `${path}.new`;
  const file = await open(unfinished, 'w', 0o600);
  try {
    await file.writeFile(secret);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
  return secret;
}
