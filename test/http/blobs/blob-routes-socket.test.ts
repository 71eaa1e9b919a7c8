import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FsBlobDriver } from '../../../src/adapters/fs/blob-driver.ts';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { blobRoutes } from '../../../src/http/blobs/blob-routes.ts';
import type { BlobContent } from '../../../src/ports/blob-driver.ts';
import { BlobStore } from '../../../src/services/blobs/blob-store.ts';
import { digestOf, put } from '../../conformance/blob-driver.ts';
import { pseudoRandomBytes } from '../../conformance/hasher.ts';

const LARGE = pseudoRandomBytes(6_000_000);
const ENDLESS = 'e'.repeat(64);

/** A body far larger than any buffer on the way; it counts what is taken and tells when it is ended. */
class EndlessBody {
  static readonly CHUNK = new Uint8Array(256 * 1024);
  static readonly CHUNKS = 4000;
  taken = 0;
  readonly ended: Promise<void>;
  #end: () => void = () => {};

  constructor() {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async *read(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (; this.taken < EndlessBody.CHUNKS; ) {
        this.taken += 1;
        yield EndlessBody.CHUNK;
      }
    } finally {
      this.#end();
    }
  }
}

describe('blobs over a socket', () => {
  let folder: string;
  let server: ServerType;
  let port: number;
  let digest: string;
  let endless: EndlessBody;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dashcache-blob-routes-'));
    const driver = new FsBlobDriver(folder);
    const blobs = new BlobStore({
      driver,
      hasher: nativeHasher,
      probe: imageProbe,
      clock: { monotonic: () => 0, random: () => 0.5 },
    });
    digest = await put(driver, LARGE);
    endless = new EndlessBody();
    const endlessSize = EndlessBody.CHUNK.length * EndlessBody.CHUNKS;
    const app = blobRoutes({
      findBlob: async (name) => ({
        digest: name,
        size: name === ENDLESS ? endlessSize : LARGE.length,
        mediaType: 'image/png',
        width: 1,
        height: 1,
        createdAt: 0,
      }),
      mend: async () => false,
      blobs: {
        has: (name) => blobs.has(name),
        read: async (name, range): Promise<BlobContent | undefined> =>
          name === ENDLESS ? { size: endlessSize, body: endless.read() } : blobs.read(name, range),
      },
    });
    server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('It should listen on a port.');
    port = address.port;
  });

  afterEach(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  const fetchBlob = (init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}/blobs/${digest}.png`, init);

  it('a large blob arrives whole, with its length', async () => {
    const response = await fetchBlob();
    expect(response.headers.get('content-length')).toBe('6000000');
    expect(response.headers.get('transfer-encoding')).toBeNull();
    expect(digestOf(new Uint8Array(await response.arrayBuffer()))).toBe(digest);
  });

  it('so does a part of it', async () => {
    const response = await fetchBlob({ headers: { range: 'bytes=-1000' } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-length')).toBe('1000');
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(LARGE.slice(-1000));
  });

  it('HEAD tells the length and leaves the connection usable', async () => {
    const socket = connect(port, '127.0.0.1');
    const head = `HEAD /blobs/${digest} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
    const last = `GET /blobs/${digest} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-0\r\nConnection: close\r\n\r\n`;
    socket.write(head + last);
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    const answers = Buffer.concat(chunks)
      .toString('latin1')
      .split(/(?=HTTP\/1\.1 )/);
    expect(answers.map((answer) => answer.slice(0, 12))).toEqual(['HTTP/1.1 200', 'HTTP/1.1 206']);
    expect(answers[0]?.toLowerCase()).toContain('content-length: 6000000\r\n');
    expect(answers[0]?.endsWith('\r\n\r\n')).toBe(true);
  });

  it('304 and 416 have no body', async () => {
    const unchanged = await fetchBlob({ headers: { 'if-none-match': `"${digest}"` } });
    expect([unchanged.status, await unchanged.text()]).toEqual([304, '']);
    const beyond = await fetchBlob({ headers: { range: 'bytes=6000000-' } });
    expect([beyond.status, await beyond.text()]).toEqual([416, '']);
  });

  it('reading stops when the client leaves, and runs no further ahead than buffers allow', async () => {
    const client = request({ host: '127.0.0.1', port, path: `/blobs/${ENDLESS}` });
    client.on('error', () => {});
    client.end();
    const [response] = await once(client, 'response');
    await once(response, 'readable');
    client.destroy();
    await endless.ended;
    expect(endless.taken).toBeLessThan(EndlessBody.CHUNKS / 2);
  });
});
