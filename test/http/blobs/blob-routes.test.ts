import { Hono } from 'hono';
import { beforeEach, describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import type { BlobMediaType, BlobRecord } from '../../../src/core/entries/blob.ts';
import { isAppError } from '../../../src/core/errors.ts';
import { blobRoutes } from '../../../src/http/blobs/blob-routes.ts';
import { BlobStore } from '../../../src/services/blobs/blob-store.ts';
import { digestOf, put } from '../../conformance/blob-driver.ts';
import { pseudoRandomBytes } from '../../conformance/hasher.ts';

const clock = { now: () => 1_750_000_000_000, monotonic: () => 0, random: () => 0.5 };
const CREATED_AT = Date.UTC(2025, 5, 15, 12, 30, 45, 678);
const LAST_MODIFIED = 'Sun, 15 Jun 2025 12:30:45 GMT';
const BYTES = pseudoRandomBytes(1000);
const DIGEST = digestOf(BYTES);
const ETAG = `"${DIGEST}"`;
const PATH = `/blobs/${DIGEST}`;

let driver: MemoryBlobDriver;
let rows: Map<string, BlobRecord>;
let missing: string[];
/** What brings a missing blob back; it does not when this is undefined. */
let healer: (() => Promise<void>) | undefined;
let app: Hono;

async function add(bytes: Uint8Array, mediaType: BlobMediaType): Promise<string> {
  const digest = await put(driver, bytes);
  rows.set(digest, { digest, size: bytes.length, mediaType, width: 1, height: 1, createdAt: CREATED_AT });
  return digest;
}

beforeEach(async () => {
  driver = new MemoryBlobDriver(clock);
  rows = new Map();
  missing = [];
  healer = undefined;
  const routes = blobRoutes({
    findBlob: async (digest) => rows.get(digest),
    blobs: new BlobStore({ driver, hasher: nativeHasher, probe: imageProbe, clock }),
    mend: async (digest) => {
      missing.push(digest);
      await healer?.();
      return healer !== undefined;
    },
  });
  // As the app does: mounted, with one error handler.
  app = new Hono().route('/', routes).onError((error, c) => {
    if (isAppError(error, 'not_found')) return c.json({ code: error.code }, 404);
    if (isAppError(error, 'method_not_allowed'))
      return c.json({ code: error.code }, 405, { allow: error.allow ?? '' });
    throw error;
  });
  await add(BYTES, 'image/png');
});

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  app.request(path, { method, headers });

const bytesIn = async (response: Response) => new Uint8Array(await response.arrayBuffer());

const HEADERS = {
  'accept-ranges': 'bytes',
  'access-control-allow-origin': '*',
  'cache-control': 'public, max-age=31536000, immutable',
  'content-length': '1000',
  'content-security-policy': "default-src 'none'; sandbox",
  'content-type': 'image/png',
  'cross-origin-resource-policy': 'cross-origin',
  etag: ETAG,
  'last-modified': LAST_MODIFIED,
  'repr-digest': `sha-256=:${Buffer.from(DIGEST, 'hex').toString('base64')}:`,
  'x-content-type-options': 'nosniff',
};

describe('GET and HEAD /blobs/{sha256}', () => {
  it('GET gives the bytes and all headers', async () => {
    const response = await get(PATH);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual(HEADERS);
    expect(await bytesIn(response)).toEqual(BYTES);
  });

  it('HEAD gives the same headers, no body, and does not read the bytes', async () => {
    driver.read = () => Promise.reject(new Error('It should not be read.'));
    const response = await get(PATH, {}, 'HEAD');
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toEqual(HEADERS);
    expect(response.body).toBeNull();
  });

  it('takes the extension of the media type, an alias too, and no other', async () => {
    const jpeg = await add(pseudoRandomBytes(10), 'image/jpeg');
    const tiff = await add(pseudoRandomBytes(11), 'image/tiff');
    for (const name of [
      `${DIGEST}.png`,
      `${jpeg}.jpg`,
      `${jpeg}.jpeg`,
      `${tiff}.tif`,
      `${tiff}.tiff`,
      tiff,
    ]) {
      expect((await get(`/blobs/${name}`)).status, name).toBe(200);
    }
    for (const ending of ['.jpg', '.PNG', '.', '.png.png', '.html', '.png/', '/png', '%00', '%2e%2e']) {
      expect((await get(PATH + ending)).status, ending).toBe(404);
    }
  });

  it.each(['abc', 'f'.repeat(64), DIGEST.toUpperCase(), `${DIGEST}0`, '..%2f..%2fetc%2fpasswd', '%E4%B8%AD'])(
    'knows nothing of %s',
    async (name) => {
      const response = await get(`/blobs/${name}`);
      expect(response.status).toBe(404);
      expect(response.headers.get('cache-control')).toBeNull();
      expect(missing).toEqual([]);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    'refuses %s, naming what is allowed',
    async (method) => {
      const response = await get(PATH, {}, method);
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('GET, HEAD');
    },
  );

  it.each(['GET', 'HEAD'])('%s of a row whose bytes are gone is a 404 that is reported', async (method) => {
    await driver.delete(DIGEST);
    expect((await get(PATH, {}, method)).status).toBe(404);
    expect(missing).toEqual([DIGEST]);
  });

  it('bytes of another length than the row says are as good as gone', async () => {
    const row = rows.get(DIGEST);
    if (row === undefined) throw new Error('The row should be there.');
    rows.set(DIGEST, { ...row, size: 999 });
    expect((await get(PATH)).status).toBe(404);
    expect(missing).toEqual([DIGEST]);
  });

  it('streams a large blob', async () => {
    const large = pseudoRandomBytes(5_000_000);
    const response = await get(`/blobs/${await add(large, 'image/png')}`);
    expect(response.headers.get('content-length')).toBe('5000000');
    expect(digestOf(await bytesIn(response))).toBe(digestOf(large));
  });
});

describe('conditional requests', () => {
  it.each([
    [{ 'if-none-match': ETAG }, 304],
    [{ 'if-none-match': `W/${ETAG}` }, 304],
    [{ 'if-none-match': `"a,b", W/"x" , ${ETAG}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"other"' }, 200],
    [{ 'if-none-match': DIGEST }, 200],
    [{ 'if-none-match': '' }, 200],
    [{ 'if-modified-since': LAST_MODIFIED }, 304],
    [{ 'if-modified-since': 'Mon, 16 Jun 2025 00:00:00 GMT' }, 304],
    [{ 'if-modified-since': 'Sun, 15 Jun 2025 12:30:44 GMT' }, 200],
    [{ 'if-modified-since': 'yesterday or so' }, 200],
    // The tag decides when both are there.
    [{ 'if-none-match': '"other"', 'if-modified-since': LAST_MODIFIED }, 200],
    // It comes before the range.
    [{ 'if-none-match': ETAG, range: 'bytes=0-9' }, 304],
  ])('%j is answered with %i', async (headers, status) => {
    for (const method of ['GET', 'HEAD']) expect((await get(PATH, headers, method)).status).toBe(status);
  });

  it('304 has the headers that a cache renews, and no body', async () => {
    const response = await get(PATH, { 'if-none-match': ETAG });
    const { 'content-length': _, 'content-type': __, 'repr-digest': ___, ...renewed } = HEADERS;
    expect(Object.fromEntries(response.headers)).toEqual(renewed);
    expect(response.body).toBeNull();
  });
});

describe('ranges', () => {
  it.each([
    ['bytes=0-0', 0, 0],
    ['bytes=10-19', 10, 19],
    ['bytes=990-2000', 990, 999],
    ['bytes=-5', 995, 999],
  ])('%s gives that part', async (range, start, end) => {
    const response = await get(PATH, { range });
    expect(response.status).toBe(206);
    expect(Object.fromEntries(response.headers)).toEqual({
      ...HEADERS,
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/1000`,
    });
    expect(await bytesIn(response)).toEqual(BYTES.slice(start, end + 1));
  });

  it('one beyond the end is a 416 that names the size and is not to be kept', async () => {
    const response = await get(PATH, { range: 'bytes=1000-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */1000');
    expect(response.headers.get('cache-control')).toBeNull();
  });

  it.each(['bytes=0-1,5-6', 'bytes=9-1', 'lines=1-2', 'nonsense'])('%s gives the whole', async (range) => {
    const response = await get(PATH, { range });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-range')).toBeNull();
    expect(await bytesIn(response)).toEqual(BYTES);
  });

  it('HEAD ignores them', async () => {
    const response = await get(PATH, { range: 'bytes=0-9' }, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('1000');
  });

  it.each([
    [ETAG, 206],
    [LAST_MODIFIED, 206],
    [`W/${ETAG}`, 200],
    ['"other"', 200],
    ['Mon, 16 Jun 2025 00:00:00 GMT', 200],
  ])('If-Range: %s is answered with %i', async (ifRange, status) => {
    expect((await get(PATH, { range: 'bytes=0-9', 'if-range': ifRange })).status).toBe(status);
  });

  it('one beyond the end is ignored when If-Range names another content', async () => {
    expect((await get(PATH, { range: 'bytes=1000-', 'if-range': '"other"' })).status).toBe(200);
  });

  it('parts of a large blob are streamed', async () => {
    const large = pseudoRandomBytes(5_000_000);
    const digest = await add(large, 'image/png');
    const response = await get(`/blobs/${digest}.png`, { range: 'bytes=100-4900000' });
    expect(digestOf(await bytesIn(response))).toBe(digestOf(large.subarray(100, 4_900_001)));
  });
});

describe('a blob whose bytes come back', () => {
  it.each([
    ['GET', {}, 200, BYTES],
    ['GET', { range: 'bytes=1-3' }, 206, BYTES.slice(1, 4)],
    ['HEAD', {}, 200, new Uint8Array()],
  ] as const)('is given by %s %o', async (method, headers, status, bytes) => {
    await driver.delete(DIGEST);
    healer = async () => {
      await put(driver, BYTES);
    };
    const response = await get(PATH, headers, method);
    expect(response.status).toBe(status);
    expect(await bytesIn(response)).toEqual(bytes);
    expect(missing).toEqual([DIGEST]);
  });
});
