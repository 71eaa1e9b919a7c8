import { readFileSync } from 'node:fs';
import { cloudflareTest } from '@cloudflare/vitest-pool-workers';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

/**
 * A Worker that imports WebAssembly gets the compiled module, where Vite would instantiate it. Here the test pool's own
 * way to compile does what the platform's loader does.
 */
const compiledWasm: Plugin = {
  name: 'compiled-wasm',
  enforce: 'pre',
  load: (id) => {
    if (!id.endsWith('.wasm')) return undefined;
    const base64 = readFileSync(id, 'base64');
    return `
      import { env } from 'cloudflare:workers';
      const bytes = Uint8Array.from(atob('${base64}'), (char) => char.charCodeAt(0));
      export default env.__VITEST_POOL_WORKERS_UNSAFE_EVAL.newWasmModule(bytes);`;
  },
};

/** What runs inside workerd: the adapters of Cloudflare's services, through the same suites as on Node. */
export default defineConfig({
  plugins: [
    compiledWasm,
    cloudflareTest({
      miniflare: {
        compatibilityDate: '2026-04-01',
        // For the test runner and the suites only; the Worker itself runs without.
        compatibilityFlags: ['nodejs_compat'],
        d1Databases: ['DB'],
        r2Buckets: ['BUCKET'],
      },
    }),
  ],
  test: {
    name: 'workerd',
    globalSetup: ['test/workerd/origin-server.ts'],
    include: ['test/workerd/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
