import { execFile } from 'node:child_process';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { prepareCli } from '../support/servers/cli-stack.ts';
import { blocksOf, readSection } from './pages.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A dozen processes, one after the other, on a machine that may be busy. */
const MAX_MS = 180_000;

it(
  'the tutorial’s commands do what it says, as they are written',
  async () => {
    const { env, folder, asked } = await prepareCli();
    const section = readSection('docs/tutorials/command-line.md', 'commands') ?? '';
    const blocks = blocksOf(section).map(({ text }) => text);
    expect(blocks.length).toBeGreaterThan(4);
    await mkdir(join(folder, 'bin'));
    await writeFile(
      join(folder, 'bin', 'dashcache'),
      `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`,
    );
    await chmod(join(folder, 'bin', 'dashcache'), 0o755);
    const PATH = `${join(folder, 'bin')}:${process.env.PATH}`;
    const { stdout, stderr } = await promisify(execFile)(
      'bash',
      ['--norc', '-euo', 'pipefail', '-c', blocks.join('\n')],
      { cwd: folder, env: { ...env, PATH, HOME: folder } },
    );
    expect(
      (await stat(join(folder, 'output/ai-image-qwen-image/images/headphones.png'))).size,
    ).toBeGreaterThan(0);
    expect(stdout).toMatch(/^ {2}"image_url": "http/m);
    expect(stderr).toMatch(/^2 requests: 0 expected hits, 2 to buy for 1\.00 CNY$/m);
    expect(stdout).toMatch(/^2 bought, spent 1\.00 CNY$/m);
    expect(stderr).toMatch(/^dashcache: 1 hit, 0 misses; spent nothing, saved 0\.50 CNY$/m);
    expect(stdout).toMatch(/^miss: /m);
    expect(stdout).toMatch(/^The API key is from DASHSCOPE_API_KEY\.$/m);
    expect(stdout).toMatch(/was up to date$/m);
    expect(stdout).toMatch(/^k1:\S+ +qwen-image-max +1328\*1328 +\S+ +0 +a paper boat crossing a puddle$/m);
    expect(stdout).toMatch(/^k1:\S+, take 1\n {2}prompt {6}the same at night$/m);
    expect(stdout).toMatch(/^would remove 1 entry [\s\S]*^removed 1 entry [\s\S]*^3 entries, 3 images, /m);
    expect(asked()).toBe(4);
  },
  MAX_MS,
);
