import type { IncomingMessage, RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseAllowRules } from '../../../src/adapters/node/allow-rules.ts';
import {
  createReferenceFetcher,
  type ReferenceFetcherOptions,
} from '../../../src/adapters/node/reference-fetcher.ts';
import { createUndiciTransport } from '../../../src/adapters/undici/transport.ts';
import type { ReferenceFetcher } from '../../../src/ports/reference-fetcher.ts';
import { ByteBudget } from '../../../src/services/limits/byte-budget.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { findClosedPort, startServer, startTcpServer } from '../../support/servers/http-server.ts';

const PICTURE = Buffer.from('picture bytes');
const servePicture: RequestListener = (_request, response) => response.end(PICTURE);

interface Setup extends Partial<Omit<ReferenceFetcherOptions, 'allow'>> {
  readonly allow?: string;
  /** Addresses by name. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

function createFetcher({ allow = '', names = {}, ...options }: Setup = {}): ReferenceFetcher {
  return createReferenceFetcher({
    maxBytes: 1024,
    lookup: async (host) => {
      const addresses = names[host];
      if (addresses === undefined) throw new Error(`ENOTFOUND ${host}`);
      return addresses;
    },
    openTransport: (address) => createUndiciTransport({ address }),
    ...options,
    allow: parseAllowRules(allow),
  });
}

/** Behaves as if `publicAddress` were served by the loopback interface, and remembers which addresses were asked for. */
function routeToLoopback(publicAddress: string) {
  const opened: string[] = [];
  const openTransport = (address: string) => {
    opened.push(address);
    return createUndiciTransport({ address: address === publicAddress ? '127.0.0.1' : address });
  };
  return { opened, openTransport };
}

const refused = { name: 'AppError', code: 'reference_refused' };
const unavailable = { name: 'AppError', code: 'reference_unavailable' };

describe('what is fetched', () => {
  it('is the picture at a public address, with the host name kept and nothing about the caller', async () => {
    const received = createGate<IncomingMessage>();
    const server = await startServer((request, response) => {
      received.open(request);
      response.end(PICTURE);
    });
    const { opened, openTransport } = routeToLoopback('8.8.8.8');
    const fetcher = createFetcher({ names: { 'pictures.example': ['8.8.8.8'] }, openTransport });
    const bytes = await fetcher.fetch(`http://Pictures.Example:${server.port}/a.png?sig=1#part`);
    expect(Buffer.from(bytes)).toEqual(PICTURE);
    expect(opened).toEqual(['8.8.8.8']);
    const { url, headers } = await received.opened;
    expect(url).toBe('/a.png?sig=1');
    expect(headers).toEqual({
      host: `pictures.example:${server.port}`,
      connection: 'keep-alive',
      accept: 'image/*',
      'accept-encoding': 'identity',
      'user-agent': 'dashcache',
    });
  });

  it('is connected to at the checked address, whatever the name resolves to later', async () => {
    const server = await startServer(servePicture);
    let lookups = 0;
    const { opened, openTransport } = routeToLoopback('8.8.8.8');
    const fetcher = createFetcher({
      lookup: async () => {
        lookups += 1;
        return lookups === 1 ? ['8.8.8.8'] : ['127.0.0.1'];
      },
      openTransport,
    });
    const url = `http://rebinding.example:${server.port}/`;
    expect(Buffer.from(await fetcher.fetch(url))).toEqual(PICTURE);
    expect(opened).toEqual(['8.8.8.8']);
    expect(lookups).toBe(1);
    await expect(fetcher.fetch(url)).rejects.toMatchObject(refused);
  });

  it.each([
    ['its name', (port: number) => `private.example:${port}`],
    ['its name on every port', () => 'private.example'],
    ['its address', (port: number) => `127.0.0.1:${port}`],
    ['its network', () => '127.0.0.0/8'],
  ])('may be private when a rule allows %s', async (_by, rule) => {
    const server = await startServer(servePicture);
    const fetcher = createFetcher({
      allow: rule(server.port),
      names: { 'private.example': ['127.0.0.1'] },
    });
    const bytes = await fetcher.fetch(`http://private.example:${server.port}/`);
    expect(Buffer.from(bytes)).toEqual(PICTURE);
  });

  it('counts against the budget while it arrives, and no longer', async () => {
    const server = await startServer(servePicture);
    const budget = new ByteBudget(PICTURE.length);
    const fetcher = createFetcher({ allow: '127.0.0.1', budget });
    const url = `http://127.0.0.1:${server.port}/`;
    expect(Buffer.from(await fetcher.fetch(url))).toEqual(PICTURE);
    expect(budget.held).toBe(0);
    budget.take(1);
    await expect(fetcher.fetch(url)).rejects.toMatchObject({ code: 'overloaded' });
    expect(budget.held).toBe(1);
  });

  it('comes from the next address when the first one does not answer', async () => {
    const server = await startServer(servePicture);
    const fetcher = createFetcher({
      allow: '127.0.0.0/8',
      names: { 'two.example': ['127.0.0.2', '127.0.0.1'] },
    });
    const bytes = await fetcher.fetch(`http://two.example:${server.port}/`);
    expect(Buffer.from(bytes)).toEqual(PICTURE);
  });
});

describe('what is refused before anything is sent', () => {
  it.each([
    'http://127.0.0.1/',
    'http://127.0.0.1./',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://0/',
    'http://\uff11\uff12\uff17.0.0.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.100.100.200/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'https://private.example/',
    'http://mixed.example/',
    'http://zone.example/',
    'http://odd.example/',
    'ftp://pictures.example/a.png',
    'file:///etc/passwd',
    'data:image/png;base64,AA==',
    'gopher://127.0.0.1/',
    'http://user:password@pictures.example/',
    'http://user@pictures.example/',
    'http://[fe80::1%25eth0]/',
    'no url at all',
    '',
  ])('%s', async (url) => {
    const fetcher = createFetcher({
      names: {
        localhost: ['127.0.0.1', '::1'],
        'private.example': ['10.1.2.3'],
        'mixed.example': ['8.8.8.8', '10.1.2.3'],
        'zone.example': ['fe80::1%eth0'],
        'odd.example': ['not an address'],
      },
      openTransport: () => {
        throw new Error('nothing may be connected to');
      },
    });
    await expect(fetcher.fetch(url)).rejects.toMatchObject(refused);
  });

  it('a port that the rule does not name', async () => {
    const server = await startServer(servePicture);
    const fetcher = createFetcher({ allow: '127.0.0.1:1' });
    await expect(fetcher.fetch(server.origin)).rejects.toMatchObject(refused);
    expect(server.connections()).toBe(0);
  });

  it('with the host in the message, but neither the query nor the address', async () => {
    const fetcher = createFetcher({ names: { 'private.example': ['10.1.2.3'] } });
    const error = await fetcher.fetch('http://private.example/p?Signature=hush').catch((cause) => cause);
    expect(error.message).toContain('private.example');
    expect(error.message).not.toMatch(/hush|10\.1\.2\.3/);
  });
});

describe('redirects', () => {
  const redirectTo = (location: string, status = 302): RequestListener => {
    return (_request, response) => response.writeHead(status, { location }).end();
  };

  it.each([301, 302, 303, 307, 308])('are followed: %d', async (status) => {
    const server = await startServer((request, response) => {
      if (request.url === '/b?x') response.end(PICTURE);
      else redirectTo('b?x', status)(request, response);
    });
    const bytes = await createFetcher({ allow: '127.0.0.1' }).fetch(`${server.origin}/a`);
    expect(Buffer.from(bytes)).toEqual(PICTURE);
  });

  it('are checked again: to a private port that no rule allows', async () => {
    const inner = await startServer(servePicture);
    const outer = await startServer(redirectTo(inner.origin));
    const fetching = createFetcher({ allow: `127.0.0.1:${outer.port}` }).fetch(outer.origin);
    await expect(fetching).rejects.toMatchObject(refused);
    expect(inner.connections()).toBe(0);
  });

  it('are resolved again: the same name may lead elsewhere by then', async () => {
    const server = await startServer((request, response) => redirectTo('/again')(request, response));
    let lookups = 0;
    const { openTransport } = routeToLoopback('8.8.8.8');
    const fetcher = createFetcher({
      lookup: async () => {
        lookups += 1;
        return lookups === 1 ? ['8.8.8.8'] : ['169.254.169.254'];
      },
      openTransport,
    });
    await expect(fetcher.fetch(`http://rebinding.example:${server.port}/`)).rejects.toMatchObject(refused);
    expect(lookups).toBe(2);
  });

  it.each(['ftp://pictures.example/', 'file:///etc/passwd', 'http://user:pw@127.0.0.1/'])(
    'are refused to %s',
    async (location) => {
      const server = await startServer(redirectTo(location));
      const fetching = createFetcher({ allow: '127.0.0.1' }).fetch(server.origin);
      await expect(fetching).rejects.toMatchObject(refused);
    },
  );

  it('name in errors the host that was asked for, never the target', async () => {
    const server = await startServer(redirectTo('http://inner.example/secret'));
    const fetching = createFetcher({
      allow: '127.0.0.1',
      names: { 'inner.example': ['10.1.2.3'] },
    }).fetch(server.origin);
    const error = await fetching.catch((cause) => cause);
    expect(error).toMatchObject(refused);
    expect(error.message).toContain('127.0.0.1');
    expect(error.message).not.toMatch(/inner|10\.1\.2\.3|secret/);
  });

  it('end after the fifth', async () => {
    let requests = 0;
    const server = await startServer((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: `/${requests}` }).end();
    });
    const fetching = createFetcher({ allow: '127.0.0.1' }).fetch(server.origin);
    await expect(fetching).rejects.toMatchObject(unavailable);
    expect(requests).toBe(6);
  });

  it.each([undefined, 'http://'])('need a usable Location, not %s', async (location) => {
    const server = await startServer((_request, response) => {
      response.writeHead(302, location === undefined ? {} : { location }).end();
    });
    const fetching = createFetcher({ allow: '127.0.0.1' }).fetch(server.origin);
    await expect(fetching).rejects.toMatchObject(unavailable);
  });
});

describe('what is unavailable', () => {
  const fetchFrom = async (listener: RequestListener, setup: Setup = {}) => {
    const server = await startServer(listener);
    return createFetcher({ allow: '127.0.0.1', ...setup }).fetch(`${server.origin}/p?Signature=hush`);
  };

  it.each([304, 400, 403, 404, 500])('an answer %d', async (status) => {
    const fetching = fetchFrom((_request, response) => response.writeHead(status).end());
    await expect(fetching).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringMatching(new RegExp(`^(?!.*hush).* ${status}$`)),
    });
  });

  it.each(['gzip', 'deflate', 'br', 'zstd', 'GZIP'])('a compressed answer: %s', async (encoding) => {
    const fetching = fetchFrom((_request, response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(gzipSync(PICTURE));
    });
    await expect(fetching).rejects.toMatchObject(unavailable);
  });

  it('one larger than the bound by its length, unread', async () => {
    const closed = createGate();
    const fetching = fetchFrom((_request, response) => {
      response.on('close', () => closed.open());
      response.writeHead(200, { 'content-length': '1025' }).flushHeaders();
    });
    await expect(fetching).rejects.toMatchObject(unavailable);
    await closed.opened;
  });

  it('one that grows over the bound while it comes', async () => {
    const closed = createGate();
    const fetching = fetchFrom((_request, response) => {
      response.on('close', () => closed.open());
      const write = () => {
        if (!response.destroyed) response.write(Buffer.alloc(256), () => setImmediate(write));
      };
      write();
    });
    await expect(fetching).rejects.toMatchObject(unavailable);
    await closed.opened;
  });

  it('not one of exactly the bound', async () => {
    const bytes = await fetchFrom((_request, response) => response.end(Buffer.alloc(1024, 7)));
    expect(bytes).toHaveLength(1024);
  });

  it('one that drips for longer than the time bound', async () => {
    const fetching = fetchFrom(
      (_request, response) => {
        const write = () => {
          if (!response.destroyed) response.write('.', () => setImmediate(write));
        };
        write();
      },
      { timeoutMs: 100, maxBytes: Number.MAX_SAFE_INTEGER },
    );
    await expect(fetching).rejects.toMatchObject({
      ...unavailable,
      message: expect.stringContaining('100 ms'),
    });
  });

  it.each([
    ['an answer', () => startServer(() => {})],
    ['a TLS handshake', () => startTcpServer(() => {})],
  ])('one that keeps us waiting for %s', async (what, start) => {
    const { port } = await start();
    const scheme = what === 'an answer' ? 'http' : 'https';
    const fetching = createFetcher({ allow: '127.0.0.1', timeoutMs: 50 }).fetch(
      `${scheme}://127.0.0.1:${port}`,
    );
    await expect(fetching).rejects.toMatchObject(unavailable);
  });

  it('one whose name takes longer than the time bound to resolve', async () => {
    const fetcher = createFetcher({ timeoutMs: 50, lookup: () => new Promise(() => {}) });
    await expect(fetcher.fetch('http://slow.example/')).rejects.toMatchObject(unavailable);
  });

  it.each([
    ['fails to resolve', {}],
    ['resolves to nothing', { 'gone.example': [] }],
  ])('one whose name %s', async (_how, names) => {
    await expect(createFetcher({ names }).fetch('http://gone.example/')).rejects.toMatchObject(unavailable);
  });

  it('one whose port refuses', async () => {
    const port = await findClosedPort();
    const fetching = createFetcher({ allow: '127.0.0.1' }).fetch(`http://127.0.0.1:${port}/`);
    await expect(fetching).rejects.toMatchObject({ ...unavailable, cause: { name: 'TransportError' } });
  });

  it('one that breaks off', async () => {
    const fetching = fetchFrom((request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => request.socket.destroy());
    });
    await expect(fetching).rejects.toMatchObject(unavailable);
  });
});

describe('those who ask for one URL', () => {
  const reason = new Error('the client left');

  async function startGated() {
    const asked = createGate();
    const answer = createGate();
    const gone = createGate();
    let requests = 0;
    const server = await startServer(async (_request, response) => {
      requests += 1;
      response.on('close', () => gone.open());
      asked.open();
      await answer.opened;
      response.end(PICTURE);
    });
    return { url: `${server.origin}/p.png`, asked, answer, gone, requests: () => requests };
  }

  it('share a download, and a later one fetches anew', async () => {
    const { url, asked, answer, requests } = await startGated();
    const fetcher = createFetcher({ allow: '127.0.0.1' });
    const all = [1, 2, 3].map(() => fetcher.fetch(url));
    await asked.opened;
    all.push(fetcher.fetch(url));
    answer.open();
    for (const bytes of await Promise.all(all)) expect(Buffer.from(bytes)).toEqual(PICTURE);
    expect(requests()).toBe(1);
    await fetcher.fetch(url);
    expect(requests()).toBe(2);
  });

  it('share its failure', async () => {
    const fetcher = createFetcher({ names: { 'p.example': ['10.0.0.1'] } });
    const all = await Promise.allSettled([
      fetcher.fetch('http://p.example'),
      fetcher.fetch('http://p.example'),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('leave alone: the others still get the picture', async () => {
    const { url, asked, answer, requests } = await startGated();
    const fetcher = createFetcher({ allow: '127.0.0.1' });
    const leaving = new AbortController();
    const left = fetcher.fetch(url, leaving.signal);
    const stayed = fetcher.fetch(url);
    await asked.opened;
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    answer.open();
    expect(Buffer.from(await stayed)).toEqual(PICTURE);
    expect(requests()).toBe(1);
  });

  it('end it when the last one leaves', async () => {
    const { url, asked, gone } = await startGated();
    const leaving = new AbortController();
    const left = createFetcher({ allow: '127.0.0.1' }).fetch(url, leaving.signal);
    await asked.opened;
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    await gone.opened;
  });

  it('start nothing when they have left already', async () => {
    const fetching = createFetcher().fetch('http://p.example/', AbortSignal.abort(reason));
    await expect(fetching).rejects.toBe(reason);
  });
});
