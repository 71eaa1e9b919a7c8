import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '../../core/errors.ts';
import { keepAlive } from '../better-sqlite3/keep-alive.ts';

/** How long to wait for the lock. SQLite takes it in steps: two that begin at once would both fail without waiting. */
const TAKE_TIMEOUT_MS = 500;

/**
 * Takes the folder for this process; returns a function that releases it. Throws `config` with the owner's pid when
 * another process has it.
 *
 * The claim is SQLite's lock on an empty database: a lock of the operating system, which frees it however the process
 * ends, where a pid file alone would outlive a SIGKILL. The pid file only tells people who it is. Nothing else in the
 * process may open `owner.lock`: closing any handle of a file drops the process's POSIX locks on it.
 */
export function claimFolder(path: string): () => void {
  const lock = keepAlive(new Database(join(path, 'owner.lock'), { timeout: TAKE_TIMEOUT_MS }));
  const pidFile = join(path, 'owner.pid');
  try {
    lock.exec('BEGIN EXCLUSIVE');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    lock.close();
    if (!(error instanceof Database.SqliteError) || error.code !== 'SQLITE_BUSY') throw error;
    throw new AppError('config', `data folder ${path} is in use by process ${readPid(pidFile)}`, {
      cause: error,
    });
  }
  return () => {
    if (!lock.open) return;
    // Before releasing the lock: afterwards the file may be the next owner's.
    rmSync(pidFile, { force: true });
    lock.close();
  };
}

/** Absent for a moment, between the owner's lock and its pid. */
function readPid(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}
