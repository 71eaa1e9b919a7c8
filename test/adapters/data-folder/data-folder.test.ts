import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openDataFolder } from '../../../src/adapters/data-folder/data-folder.ts';

const OWNER = fileURLToPath(new URL('../../support/servers/data-folder-owner.ts', import.meta.url));

async function createPlace(): Promise<string> {
  const place = await mkdtemp(join(tmpdir(), 'dashcache-data-'));
  onTestFinished(() => rm(place, { recursive: true }));
  return join(place, 'deep', 'data');
}

/** Another process on the folder, and the first thing it said. */
async function startProcess(path: string): Promise<{ child: ChildProcess; said: Record<string, string> }> {
  const child = spawn(process.execPath, ['--import', 'tsx', OWNER, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  return { child, said: JSON.parse(line) };
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o777;
}

describe('the data folder', () => {
  it('is made for its owner alone, with a secret for its owner alone', async () => {
    const path = await createPlace();
    const folder = await openDataFolder(path);
    expect(folder.path).toBe(path);
    expect(folder.secret).toHaveLength(32);
    expect(await modeOf(path)).toBe(0o700);
    expect(await modeOf(join(path, 'secret'))).toBe(0o600);
    expect(await readFile(join(path, 'owner.pid'), 'utf8')).toBe(`${process.pid}\n`);
    folder.release();
  });

  it('keeps its secret, and leaves nothing behind but it and the lock', async () => {
    const path = await createPlace();
    const first = await openDataFolder(path);
    first.release();
    expect((await readdir(path)).sort()).toEqual(['owner.lock', 'secret']);
    await chmod(join(path, 'secret'), 0o644);
    const second = await openDataFolder(path);
    expect(second.secret).toEqual(first.secret);
    expect(await modeOf(join(path, 'secret'))).toBe(0o600);
    second.release();
  });

  it('differs in its secret from another', async () => {
    const [one, two] = [await openDataFolder(await createPlace()), await openDataFolder(await createPlace())];
    expect(one.secret).not.toEqual(two.secret);
    one.release();
    two.release();
  });

  it('overwrites a secret that a crash left unfinished', async () => {
    const path = await createPlace();
    (await openDataFolder(path)).release();
    await rm(join(path, 'secret'));
    await writeFile(join(path, 'secret.new'), 'half');
    const folder = await openDataFolder(path);
    expect(folder.secret).toHaveLength(32);
    expect(await readdir(path)).not.toContain('secret.new');
    folder.release();
  });

  it('is not opened with a damaged secret, and stays free', async () => {
    const path = await createPlace();
    (await openDataFolder(path)).release();
    await writeFile(join(path, 'secret'), 'half');
    const damaged = { code: 'config', message: expect.stringContaining('damaged') };
    await expect(openDataFolder(path)).rejects.toMatchObject(damaged);
    await expect(openDataFolder(path)).rejects.toMatchObject(damaged);
    expect(await readFile(join(path, 'secret'), 'utf8')).toBe('half');
  });

  it('cannot be a file', async () => {
    const path = await createPlace();
    (await openDataFolder(path)).release();
    await expect(openDataFolder(join(path, 'secret'))).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining(join(path, 'secret')),
    });
  });

  it('is refused to the same process twice, and released once', async () => {
    const path = await createPlace();
    const folder = await openDataFolder(path);
    await expect(openDataFolder(path)).rejects.toMatchObject({
      code: 'config',
      message: `data folder ${path} is in use by process ${process.pid}`,
    });
    // The refused attempt has not loosened the lock either.
    expect((await startProcess(path)).said).toMatchObject({ code: 'config' });
    folder.release();
    const next = await openDataFolder(path);
    folder.release();
    await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'config' });
    next.release();
  });

  it('is refused to a second process with the pid of the first, until that one ends', async () => {
    const path = await createPlace();
    const first = await startProcess(path);
    const second = await startProcess(path);
    expect(second.said).toEqual({
      code: 'config',
      message: `data folder ${path} is in use by process ${first.child.pid}`,
    });
    first.child.stdin?.end();
    await once(first.child, 'exit');
    const folder = await openDataFolder(path);
    expect(Buffer.from(folder.secret).toString('hex')).toBe(first.said.secret);
    folder.release();
  });

  it('is free after its owner was killed', async () => {
    const path = await createPlace();
    const { child, said } = await startProcess(path);
    await expect(openDataFolder(path)).rejects.toMatchObject({ code: 'config' });
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    const folder = await openDataFolder(path);
    expect(Buffer.from(folder.secret).toString('hex')).toBe(said.secret);
    expect(await readFile(join(path, 'owner.pid'), 'utf8')).toBe(`${process.pid}\n`);
    folder.release();
  });

  it('goes to one of two that open it at once', async () => {
    const path = await createPlace();
    const both = await Promise.all([startProcess(path), startProcess(path)]);
    expect(both.filter(({ said }) => said.secret !== undefined)).toHaveLength(1);
    expect(both.filter(({ said }) => said.code === 'config')).toHaveLength(1);
  });
});
