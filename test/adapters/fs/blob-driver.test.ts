import * as nodeFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FsBlobDriver } from '../../../src/adapters/fs/blob-driver.ts';
import type { FileOperations } from '../../../src/adapters/fs/files.ts';
import {
  type BlobDriverFixture,
  blobDriverConformance,
  bytesOf,
  digestOf,
  put,
} from '../../conformance/blob-driver.ts';

const BYTES = new TextEncoder().encode('some bytes of a picture');
const DIGEST = digestOf(BYTES);
const SHARD = join(DIGEST.slice(0, 2), DIGEST.slice(2, 4));

interface FsFixture extends BlobDriverFixture {
  readonly root: string;
}

/** A driver in a fresh folder that does not exist yet; every handle it opens is watched. */
async function openFixture(): Promise<FsFixture> {
  const folder = await nodeFiles.mkdtemp(join(tmpdir(), 'dashcache-blobs-'));
  const root = join(folder, 'data', 'blobs');
  const openFiles = new Set<string>();
  const files: FileOperations = {
    ...nodeFiles,
    open: async (path, ...rest) => {
      const handle = await nodeFiles.open(path, ...rest);
      const name = `descriptor ${handle.fd} of ${path}`;
      const close = handle.close.bind(handle);
      openFiles.add(name);
      handle.close = async () => {
        openFiles.delete(name);
        await close();
      };
      return handle;
    },
  };
  const driver = new FsBlobDriver(root, { files });
  return {
    root,
    driver,
    reopen: () => new FsBlobDriver(root, { files }),
    leftovers: async () => [...(await namesIn(join(root, 'tmp'))), ...openFiles],
    remove: () => nodeFiles.rm(folder, { recursive: true }),
  };
}

async function namesIn(directory: string): Promise<readonly string[]> {
  const exists = await nodeFiles.stat(directory).then(
    () => true,
    () => false,
  );
  return exists ? nodeFiles.readdir(directory) : [];
}

function failure(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code });
}

blobDriverConformance('FsBlobDriver', openFixture);

describe('FsBlobDriver', () => {
  let fixture: FsFixture;

  beforeEach(async () => {
    fixture = await openFixture();
  });

  afterEach(async () => {
    const left = await fixture.leftovers();
    await fixture.remove();
    expect(left).toEqual([]);
  });

  it('puts a blob at <2 hex>/<2 hex>/<digest>, for its owner only', async () => {
    await put(fixture.driver, BYTES);
    const path = join(fixture.root, SHARD, DIGEST);
    expect(await nodeFiles.readFile(path)).toEqual(Buffer.from(BYTES));
    expect((await nodeFiles.stat(path)).mode & 0o777).toBe(0o600);
    for (const directory of ['', 'tmp', dirname(SHARD), SHARD, '..']) {
      expect((await nodeFiles.stat(join(fixture.root, directory))).mode & 0o777).toBe(0o700);
    }
  });

  it('ignores what others put into its folder', async () => {
    const digest = await put(fixture.driver, BYTES);
    const other = 'a'.repeat(64);
    await nodeFiles.mkdir(join(fixture.root, 'aa/bb'), { recursive: true });
    await nodeFiles.mkdir(join(fixture.root, SHARD, DIGEST.replace(/.$/, 'x')));
    await nodeFiles.mkdir(join(fixture.root, 'aa/aa', other), { recursive: true });
    await nodeFiles.writeFile(join(fixture.root, 'README'), 'hello');
    await nodeFiles.writeFile(join(fixture.root, 'cc'), 'a file named like a shard');
    await nodeFiles.writeFile(join(fixture.root, 'aa/notes.txt'), 'hello');
    await nodeFiles.writeFile(join(fixture.root, 'aa/bb', other), 'in the wrong shard');
    await nodeFiles.writeFile(join(fixture.root, SHARD, `${DIGEST}.bak`), 'hello');
    const found: string[] = [];
    for await (const blob of fixture.driver.list()) found.push(blob.digest);
    expect(found).toEqual([digest]);
  });

  it.each(['../../etc/passwd', `${'a'.repeat(61)}/..`, 'A'.repeat(64), 'a'.repeat(63), ''])(
    'never makes a path of %j',
    async (digest) => {
      const refused = { code: 'storage_failed' };
      await expect(fixture.driver.read(digest)).rejects.toMatchObject(refused);
      await expect(fixture.driver.size(digest)).rejects.toMatchObject(refused);
      await expect(fixture.driver.delete(digest)).rejects.toMatchObject(refused);
      const stage = await fixture.driver.stage();
      await expect(stage.commit(digest, 0)).rejects.toMatchObject(refused);
    },
  );

  it('replaces a damaged file by committing its digest again', async () => {
    await put(fixture.driver, BYTES);
    await nodeFiles.writeFile(join(fixture.root, SHARD, DIGEST), 'damaged');
    await put(fixture.driver, BYTES);
    expect(await bytesOf(await fixture.driver.read(DIGEST))).toEqual(BYTES);
  });

  it('works on when its folder was removed under it', async () => {
    await put(fixture.driver, BYTES);
    await nodeFiles.rm(fixture.root, { recursive: true });
    expect(await fixture.driver.read(DIGEST)).toBeUndefined();
    await put(fixture.driver, BYTES);
    expect(await bytesOf(await fixture.driver.read(DIGEST))).toEqual(BYTES);
  });

  it('reports a stream whose file was cut short as a failure', async () => {
    const bytes = new Uint8Array(5 * 1024 * 1024);
    const digest = await put(fixture.driver, bytes);
    const content = await fixture.driver.read(digest);
    await nodeFiles.truncate(join(fixture.root, digest.slice(0, 2), digest.slice(2, 4), digest), 1_000_000);
    await expect(bytesOf(content)).rejects.toMatchObject({ code: 'storage_failed' });
  });

  it('streams a large range, however small the whole is: nobody’s slow reader holds it in memory', async () => {
    const { driver } = fixture;
    const bytes = new Uint8Array(1024 * 1024);
    const digest = await put(driver, bytes);
    const part = await driver.read(digest, { start: 1, end: bytes.length - 1 });
    expect(part?.body).not.toBeInstanceOf(Uint8Array);
    expect((await bytesOf(part))?.length).toBe(bytes.length - 1);
    expect((await driver.read(digest, { start: 1, end: 1_000 }))?.body).toBeInstanceOf(Uint8Array);
  });

  describe('the order of steps', () => {
    /** Names each durable step as it happens; paths relative to the root. */
    function recordingFiles(steps: string[]): FileOperations {
      const name = (path: unknown) => {
        const relative = String(path).slice(fixture.root.length + 1);
        return relative.startsWith('tmp/') ? 'stage' : relative === DIGEST ? 'blob' : relative || 'root';
      };
      return {
        ...nodeFiles,
        open: async (path, ...rest) => {
          const handle = await nodeFiles.open(path, ...rest);
          const sync = handle.sync.bind(handle);
          handle.sync = async () => {
            steps.push(
              String(path).startsWith(fixture.root) ? `sync ${name(path)}` : `sync ${basename(String(path))}`,
            );
            await sync();
          };
          return handle;
        },
        rename: async (from, to) => {
          steps.push(`rename ${name(from)} to ${name(to)}`);
          await nodeFiles.rename(from, to);
        },
      };
    }

    it('is bytes, new directories from the outside in, name, its directory', async () => {
      await nodeFiles.mkdir(fixture.root, { recursive: true });
      const steps: string[] = [];
      await put(new FsBlobDriver(fixture.root, { files: recordingFiles(steps) }), BYTES);
      const outer = dirname(SHARD);
      expect(steps).toEqual([
        'sync stage',
        'sync root',
        `sync ${outer}`,
        `rename stage to ${join(SHARD, DIGEST)}`,
        `sync ${SHARD}`,
      ]);
    });

    it('does not sync parents again once the shard is known to be durable', async () => {
      const steps: string[] = [];
      const driver = new FsBlobDriver(fixture.root, { files: recordingFiles(steps) });
      await put(driver, BYTES);
      steps.length = 0;
      await put(driver, BYTES);
      expect(steps).toEqual(['sync stage', `rename stage to ${join(SHARD, DIGEST)}`, `sync ${SHARD}`]);
    });
  });

  describe('when the system refuses', () => {
    function driverWith(overrides: Partial<FileOperations>): FsBlobDriver {
      return new FsBlobDriver(fixture.root, { files: { ...nodeFiles, ...overrides } });
    }

    /** `open` whose handles of stages fail at one method. */
    function failingHandles(method: 'writeFile' | 'sync', code: string): Partial<FileOperations> {
      return {
        open: async (path, ...rest) => {
          const handle = await nodeFiles.open(path, ...rest);
          if (String(path).includes('tmp')) handle[method] = () => Promise.reject(failure(code));
          return handle;
        },
      };
    }

    it.each([
      ['ENOSPC', 'storage_full'],
      ['EDQUOT', 'storage_full'],
      ['EIO', 'storage_failed'],
      ['EROFS', 'storage_full'],
      ['EFBIG', 'storage_full'],
    ])('%s is %s, whatever step meets it', async (code, expected) => {
      const reject = () => Promise.reject(failure(code));
      await expect(driverWith({ mkdir: reject }).stage()).rejects.toMatchObject({ code: expected });
      await expect(driverWith({ open: reject }).stage()).rejects.toMatchObject({ code: expected });
      await expect(driverWith({ open: reject }).check()).rejects.toMatchObject({ code: expected });
      await expect(driverWith({ open: reject }).read(DIGEST)).rejects.toMatchObject({ code: expected });
      await expect(driverWith({ rm: reject }).delete(DIGEST)).rejects.toMatchObject({ code: expected });
      await expect(driverWith({ readdir: reject }).sweepStages()).rejects.toMatchObject({ code: expected });
      for (const overrides of [
        failingHandles('writeFile', code),
        failingHandles('sync', code),
        { rename: reject },
      ]) {
        await expect(storeOrDiscard(driverWith(overrides))).rejects.toMatchObject({ code: expected });
        expect(await fixture.driver.size(DIGEST)).toBeUndefined();
        expect(await fixture.leftovers()).toEqual([]);
      }
    });

    /** As a writer does: discards when a write fails; commit cleans up by itself. */
    async function storeOrDiscard(driver: FsBlobDriver): Promise<void> {
      const stage = await driver.stage();
      try {
        await stage.write(BYTES);
      } catch (error) {
        await stage.discard();
        throw error;
      }
      await stage.commit(DIGEST, BYTES.length);
    }

    it("keeps the system's error, with its paths, out of the message", async () => {
      const driver = driverWith({ rename: () => Promise.reject(failure('ENOSPC')) });
      await expect(put(driver, BYTES)).rejects.toMatchObject({
        message: 'The disk that holds the images is full, over a quota or read-only.',
        cause: { code: 'ENOSPC' },
      });
    });

    it('tells the first failure when the stage cannot be removed either', async () => {
      const reject = (code: string) => () => Promise.reject(failure(code));
      const driver = driverWith({ rename: reject('ENOSPC'), rm: reject('EIO') });
      await expect(put(driver, BYTES)).rejects.toMatchObject({ code: 'storage_full' });
      expect(await fixture.driver.sweepStages()).toBe(1);
    });

    it('a folder that is a file makes the check fail', async () => {
      await nodeFiles.mkdir(dirname(fixture.root), { recursive: true });
      await nodeFiles.writeFile(fixture.root, 'a file');
      await expect(fixture.driver.check()).rejects.toMatchObject({ code: 'storage_failed' });
      await nodeFiles.rm(fixture.root);
    });
  });
});

describe('FsBlobDriver with a marker', () => {
  it('says nothing is absent, and writes nothing, while its folder is not the store', async () => {
    const fixture = await openFixture();
    const marker = join(fixture.root, 'store.json');
    await nodeFiles.mkdir(fixture.root, { recursive: true });
    await nodeFiles.writeFile(marker, '{}');
    const driver = new FsBlobDriver(fixture.root, { marker: 'store.json' });
    const digest = await put(driver, BYTES);
    expect(await driver.size('f'.repeat(64))).toBeUndefined();
    expect(await driver.read('f'.repeat(64))).toBeUndefined();

    await nodeFiles.rename(fixture.root, `${fixture.root}.away`);
    for (const isEmptyMountPoint of [false, true]) {
      if (isEmptyMountPoint) await nodeFiles.mkdir(fixture.root);
      const away = { code: 'storage_failed', message: expect.stringContaining('not be mounted') };
      await expect(driver.size(digest)).rejects.toMatchObject(away);
      await expect(driver.read(digest)).rejects.toMatchObject(away);
      await expect(driver.stage()).rejects.toMatchObject(away);
      await expect(driver.check()).rejects.toMatchObject(away);
      await expect(driver.list()[Symbol.asyncIterator]().next()).rejects.toMatchObject(away);
    }
    expect(await namesIn(fixture.root)).toEqual([]);
    await nodeFiles.rm(fixture.root, { recursive: true });
    await nodeFiles.rename(`${fixture.root}.away`, fixture.root);
    expect(await bytesOf(await driver.read(digest))).toEqual(BYTES);
    await fixture.remove();
  });
});
