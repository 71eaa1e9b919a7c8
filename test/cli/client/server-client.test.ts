import { createServer } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { ServerClient } from '../../../src/cli/client/server-client.ts';
import { Failure } from '../../../src/cli/failure.ts';

/** A server that declares more than it sends, and breaks off. */
async function startBreaking(): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    outgoing.writeHead(200, { 'content-length': '1000' });
    outgoing.write('{', () => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no TCP address');
  return `http://127.0.0.1:${address.port}`;
}

const WAYS: readonly (readonly [string, (client: ServerClient) => Promise<unknown>])[] = [
  ['an answer', (client) => client.post('/', '{}')],
  ['a generation', (client) => client.generate('{}', () => {})],
  ['a picture', (client) => client.download(picture(`${client.origin}/a.png`))],
];

const picture = (url: string) => ({
  url,
  width: null,
  height: null,
  sha256: null,
  media_type: null,
  bytes: null,
});

it.each(WAYS)('says who broke off %s, without a stack', async (_, ask) => {
  const origin = await startBreaking();
  const client = new ServerClient({ origin, apiKey: undefined, adminToken: undefined });
  const error = await ask(client).catch((cause: unknown) => cause);
  await client.close();
  expect(error).toBeInstanceOf(Failure);
  expect(error).toMatchObject({ message: expect.stringContaining(origin) });
});

it('a picture that cannot be fetched from upstream is told by its whole URL: it is paid for', async () => {
  const client = new ServerClient({ origin: 'http://127.0.0.1:1', apiKey: undefined, adminToken: undefined });
  const url = 'http://127.0.0.1:1/pictures/a.png?Expires=1';
  await expect(client.download(picture(url))).rejects.toThrow(url);
  await client.close();
});
