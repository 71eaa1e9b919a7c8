import { describe, expect, it } from 'vitest';
import { repeatable } from '../../../src/adapters/workers/repeatable-request.ts';
import { toBodyStream } from '../../../src/http/wire/body-stream.ts';
import { inChunks } from '../../support/clients/forms.ts';

const MAX = 1000;
const bytes = (length: number) => new Uint8Array(length).map((_, index) => index % 251);

/** A request whose sender does not say how long it is. */
function undeclared(content: Uint8Array, onChunk: (at: number) => void = () => {}): Request {
  const body = toBodyStream(inChunks(content, 100, onChunk));
  const init = { method: 'POST', headers: { a: 'b' }, body, duplex: 'half' };
  return new Request('http://x.test/y?z', init);
}

function declared(content: Uint8Array): Request {
  const headers = { 'content-length': String(content.length) };
  return new Request('http://x.test/', { method: 'POST', headers, body: new Uint8Array(content) });
}

describe('a request that may have to be sent on', () => {
  it.each([
    ['of unknown length', () => undeclared(bytes(MAX))],
    ['of a declared length', () => declared(bytes(MAX))],
  ])('comes again with the whole of a body %s', async (_, make) => {
    const { request, repeat } = repeatable(make(), MAX);
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(bytes(MAX));
    const again = repeat();
    expect(again?.url).toBe(request.url);
    expect(again?.headers.get('a')).toBe(request.headers.get('a'));
    expect(new Uint8Array((await again?.arrayBuffer()) ?? [])).toEqual(bytes(MAX));
  });

  it('without a body comes again without one', () => {
    const { repeat } = repeatable(new Request('http://x.test/'), MAX);
    expect(repeat()?.body).toBeNull();
  });

  it.each([
    ['of unknown length', () => undeclared(bytes(MAX + 1))],
    ['of a declared length', () => declared(bytes(MAX + 1))],
  ])('is read once with a body beyond the bound, %s', async (_, make) => {
    const { request, repeat } = repeatable(make(), MAX);
    expect(new Uint8Array(await request.arrayBuffer())).toEqual(bytes(MAX + 1));
    expect(repeat()).toBeUndefined();
  });

  it('does not read ahead of its reader by more than a few chunks', async () => {
    let sent = 0;
    const { request } = repeatable(
      undeclared(bytes(100 * MAX), (at) => {
        sent = at;
      }),
      MAX,
    );
    await request.body?.getReader().read();
    expect(sent).toBeLessThan(MAX);
  });
});
