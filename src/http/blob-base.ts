import type { Context } from 'hono';
import type { HttpOptions } from './dependencies.ts';

/** Where clients fetch blobs: as configured, or in local mode, where the Host is checked, where they came to. */
export function blobBase(c: Context, { publicUrl }: Pick<HttpOptions, 'publicUrl'>): string {
  return publicUrl ?? `http://${c.req.header('host')}`;
}
