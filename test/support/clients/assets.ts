import { startServer } from '../servers/http-server.ts';

/** A web server with pictures to refer to. */
export interface Assets {
  /** For DASHCACHE_REFERENCE_ALLOW. */
  readonly allow: string;
  at(path: string): string;
  serve(path: string, bytes: Uint8Array): void;
  redirect(path: string, location: string): void;
  /** How often a path was asked for. */
  asked(path: string): number;
}

/** Serves what it is given, 404 for the rest; ends with the test. */
export async function startAssets(): Promise<Assets> {
  const files = new Map<string, Uint8Array>();
  const locations = new Map<string, string>();
  const asked = new Map<string, number>();
  const { origin } = await startServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://assets').pathname;
    asked.set(path, (asked.get(path) ?? 0) + 1);
    const location = locations.get(path);
    const file = files.get(path);
    if (location !== undefined) response.writeHead(302, { location }).end();
    else if (file !== undefined) response.end(file);
    else response.writeHead(404).end();
  });
  return {
    allow: origin.slice('http://'.length),
    at: (path) => origin + path,
    serve: (path, bytes) => files.set(path, bytes),
    redirect: (path, location) => locations.set(path, location),
    asked: (path) => asked.get(path) ?? 0,
  };
}

/** An edit of these pictures, as the SDK spells it: the text comes last. */
export function edit(...images: readonly string[]) {
  const content: ({ readonly image: string } | { readonly text: string })[] = [
    ...images.map((image) => ({ image })),
    { text: 'from steel to copper' },
  ];
  return {
    model: 'qwen-image-edit-plus',
    parameters: { size: '512*512', n: 1 },
    input: { messages: [{ role: 'user', content }] },
  };
}

export function dataUri(mediaType: string, bytes: Uint8Array): string {
  return `data:${mediaType};base64,${Buffer.from(bytes).toString('base64')}`;
}
