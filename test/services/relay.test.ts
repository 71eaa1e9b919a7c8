import { expect, it } from 'vitest';
import { TransportError } from '../../src/ports/transport.ts';
import { Slots } from '../../src/services/limits/slots.ts';
import { Relay, type RelayRequest } from '../../src/services/relay.ts';
import { ManualClock, settle } from '../support/fakes/manual-clock.ts';
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

function start(
  reply: ConstructorParameters<typeof ScriptedTransport>[0] = () => response(200, 'hello'),
  limit = 10,
) {
  const transport = new ScriptedTransport(reply);
  const options = {
    origin: 'https://up.example',
    prefix: '/base',
    loopHeaders: [['cdn-loop', 'us']] as const,
    hidesAccount: false,
  };
  const slots = new Slots(new ManualClock(), { limit, maxWaiting: 1, maxWaitMs: 1_000 });
  return { transport, relay: new Relay({ transport, slots }, options) };
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

it('gives its place to the next when the answer has ended, been left or failed; who is brief needs none', async () => {
  const { transport, relay } = start(undefined, 1);
  const held = await relay.send(request());
  const waiting = relay.send(request());
  await settle();
  expect(transport.requests).toHaveLength(1);
  await expect(relay.send(request())).rejects.toMatchObject({ code: 'overloaded' });
  await relay.send(request({ isBrief: true }));
  expect(transport.requests).toHaveLength(2);
  for await (const _ of held.body) break;
  const second = await waiting;
  await second.body[Symbol.asyncIterator]().return?.();
  await relay.send(request({ method: 'HEAD' }));
  const client = new AbortController();
  await relay.send(request({ signal: client.signal }));
  client.abort();
  await relay.send(request());
  expect(transport.requests).toHaveLength(6);
});
