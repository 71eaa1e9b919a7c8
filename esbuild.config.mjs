import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The build: src/cli/main.ts becomes dist/, unless dist/ was built from these very sources. What counts is their content,
 * so no switched branch, deleted file or broken-off build leaves a stale program behind.
 */

const ROOT = import.meta.dirname;
const DIST = join(ROOT, 'dist');
/** Names the sources that dist/ was built from. Written last. */
const STAMP = 'sources.sha256';
/** What can change the program. The browser's files are served as they are. */
const INPUTS = ['esbuild.config.mjs', 'package-lock.json', 'tsconfig.json', ...listSources()];

function listSources() {
  return readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile() && /\.tsx?$/.test(found.name))
    .map((found) => join(found.parentPath, found.name).slice(ROOT.length).replace(/^\//, ''))
    .sort();
}

function hashInputs() {
  const hash = createHash('sha256');
  for (const file of INPUTS)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update('\0');
  return hash.digest('hex');
}

function builtFrom() {
  const stamp = join(DIST, STAMP);
  return existsSync(stamp) ? readFileSync(stamp, 'utf8') : undefined;
}

async function build(folder) {
  const esbuild = await import('esbuild');
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: { 'cli/main': 'src/cli/main.ts' },
    outdir: folder,
    bundle: true,
    splitting: true,
    // Beside cli/, so that what src/*.ts names by a relative path is found from there too.
    chunkNames: '[name]-[hash]',
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    jsx: 'automatic',
    jsxImportSource: 'hono/jsx',
    sourcemap: 'linked',
    sourcesContent: false,
    logLevel: 'warning',
  });
}

const wanted = hashInputs();
if (builtFrom() !== wanted) {
  const folder = join(ROOT, `dist-${randomBytes(4).toString('hex')}`);
  try {
    await build(folder);
    writeFileSync(join(folder, STAMP), wanted);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(folder, DIST);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    // Somebody else built the same at the same time.
    if (builtFrom() !== wanted) throw error;
  }
}
