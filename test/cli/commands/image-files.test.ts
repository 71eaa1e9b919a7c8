import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { writeImages } from '../../../src/cli/commands/image-files.ts';
import { png } from '../../support/data/sample-images.ts';

it('a picture that cannot be given its name leaves nothing beside it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dashcache-pictures-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  // Where the first of two is to be, there is a folder.
  await mkdir(join(folder, 'cat-1.png'));
  const writing = writeImages([png(8, 8), png(9, 9)], { output: join(folder, 'cat.png'), folder });
  await expect(writing).rejects.toThrow('cat-1.png cannot be written');
  expect(await readdir(folder)).toEqual(['cat-1.png']);
});
