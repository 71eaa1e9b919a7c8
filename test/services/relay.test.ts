import { expect, it } from 'vitest';
import { TransportError } from '../../src/ports/transport.ts';
import { Relay, type RelayRequest } from '../../src/services/relay.ts';
import { response, ScriptedTransport } from '../support/fakes/scripted-transport.ts';

const request = (changes: Partial<RelayRequest> = {}): RelayRequest => ({
  method: 'GET',
  target: '/api/v1/tasks?x=%20+',
  headers: [],
  body: undefined,
  apiKey: 'sk-own',
  signal: new AbortController().signal,
  ...changes,
});

function start(reply: ConstructorParameters<typeof ScriptedTransport>[0] = () => response(200, 'hello')) {
  const transport = new ScriptedTransport(reply);
  const options = {
    origin: 'https://up.example',
    prefix: '/base',
    loopHeaders: [['cdn-loop', 'us']] as const,
    hidesAccount: false,
  };
  return { transport, relay: new Relay(transport, options) };
}

it('sends path and query as they came, under the key that pays', async () => {
  const { transport, relay } = start();
  await relay.send(
    request({
      headers: [
        ['Host', 'us'],
        ['Authorization', 'Bearer token-of-ann'],
        ['X-One', '1'],
        ['X-One', '2'],
        ['Connection', 'x-hop'],
        ['X-Hop', '1'],
        ['Expect', '100-continue'],
      ],
    }),
  );
  expect(transport.requests).toMatchObject([
    {
      method: 'GET',
      origin: 'https://up.example',
      path: '/base/api/v1/tasks?x=%20+',
      headers: [
        ['X-One', '1'],
        ['X-One', '2'],
        ['authorization', 'Bearer sk-own'],
        ['cdn-loop', 'us'],
      ],
    },
  ]);
});

it('declares the length of bytes, and of a stream what the client declared', async () => {
  const { transport, relay } = start();
  const body = new Uint8Array(3);
  const stream = (async function* () {
    yield body;
  })();
  await relay.send(request({ method: 'POST', body, headers: [['Content-Length', '9']] }));
  await relay.send(request({ method: 'POST', body: stream, headers: [['Content-Length', '3']] }));
  await relay.send(request({ method: 'POST', body: stream }));
  const lengths = transport.requests.map(
    ({ headers }) => headers.find(([name]) => name === 'content-length')?.[1],
  );
  expect(lengths).toEqual(['3', '3', undefined]);
});

it('gives the answer as it comes, whatever its status, without what concerns the connection', async () => {
  const { relay, transport } = start(() =>
    response(302, 'moved', [
      ['location', '/x'],
      ['keep-alive', '1'],
    ]),
  );
  const answer = await relay.send(request());
  expect(answer).toMatchObject({
    status: 302,
    headers: [
      ['content-length', '5'],
      ['location', '/x'],
    ],
  });
  expect(transport.requests).toHaveLength(1);
});

it('never sends twice', async () => {
  const failure = new TransportError('refused', false);
  const { relay, transport } = start(() => Promise.reject(failure));
  await expect(relay.send(request())).rejects.toMatchObject({ code: 'upstream_unreachable', cause: failure });
  expect(transport.requests).toHaveLength(1);
});

it('ends with the reason of the client that left', async () => {
  const { relay } = start();
  const reason = new Error('the client left');
  await expect(relay.send(request({ signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
});
