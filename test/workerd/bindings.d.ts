/** What the tests in workerd are given; see vitest.workerd.config.ts. */
declare module 'cloudflare:workers' {
  import type { D1Database, R2Bucket } from '@cloudflare/workers-types';

  export const env: {
    readonly DB: D1Database;
    readonly BUCKET: R2Bucket;
  };
}
