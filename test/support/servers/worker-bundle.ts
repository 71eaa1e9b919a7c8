import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** One file of what would be deployed. */
export interface BundledFile {
  readonly path: string;
  readonly bytes: Buffer<ArrayBuffer>;
}

/** The Worker as `npm run worker:deploy -- --dry-run` makes it, without source maps. */
export function bundleWorker(): readonly BundledFile[] {
  const folder = mkdtempSync(join(tmpdir(), 'dashcache-worker-'));
  try {
    execFileSync(join(ROOT, 'node_modules/.bin/wrangler'), ['deploy', '--dry-run', '--outdir', folder], {
      cwd: ROOT,
      env: { ...process.env, CI: '1', WRANGLER_SEND_METRICS: 'false' },
      stdio: 'pipe',
    });
    return readdirSync(folder)
      .filter((path) => /\.(js|wasm)$/.test(path))
      .map((path) => ({ path, bytes: readFileSync(join(folder, path)) }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
