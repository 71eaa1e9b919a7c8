import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the server of `origin-server.ts` listens. */
    readonly origin: string;
  }
}

/** Requests that were broken off by their sender, by path. */
const left = new Set<string>();

/** An HTTP server on Node for tests that run inside workerd, where there is none. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  project.provide('origin', `http://127.0.0.1:${address.port}`);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? '/';
  response.once('close', () => {
    if (!response.writableFinished) left.add(path);
  });
  if (path.startsWith('/echo')) {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, headers } = request;
    const body = Buffer.concat(chunks).toString('latin1');
    response.end(JSON.stringify({ method, path, headers, body }));
  } else if (path.startsWith('/redirect')) {
    response.writeHead(302, { location: '/echo', 'set-cookie': ['a=1', 'b=2'], 'x-own': 'yes' }).end('moved');
  } else if (path.startsWith('/gzip')) {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('plain'));
  } else if (path.startsWith('/hang')) {
    // No answer, until the client leaves.
  } else if (path.startsWith('/endless')) {
    response.writeHead(200).write('begun');
  } else if (path.startsWith('/broken')) {
    response.writeHead(200, { 'content-length': '100' }).write('begun', () => response.destroy());
  } else if (path.startsWith('/reset')) {
    request.socket.destroy();
  } else if (path.startsWith('/picture')) {
    response.end(Buffer.alloc(Number(path.split('/').at(-1)), 1));
  } else {
    response.writeHead(404).end(left.has(path.slice('/left'.length)) ? 'left' : 'here');
  }
}
