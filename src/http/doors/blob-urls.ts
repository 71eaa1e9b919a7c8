import type { Context } from 'hono';
import type { HttpOptions } from '../dependencies.ts';

/** Where clients fetch blobs: as configured, or in local mode, where the Host is checked, where they came to. */
export function blobBaseUrl(c: Context, { publicUrl }: Pick<HttpOptions, 'publicUrl'>): string {
  return publicUrl ?? `http://${c.req.header('host')}`;
}

/** Every base that a blob URL of ours may have come with: in local mode under another of this machine's names, too. */
export function ownOrigins(c: Context, options: Pick<HttpOptions, 'publicUrl' | 'local'>): string[] {
  const base = blobBaseUrl(c, options);
  if (!options.local) return [base];
  const port = /:\d+$/.exec(c.req.header('host') ?? '')?.[0] ?? '';
  return [base, ...['localhost', '127.0.0.1', '[::1]'].map((name) => `http://${name}${port}`)];
}
