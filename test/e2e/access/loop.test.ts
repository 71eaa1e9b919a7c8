import { describe, expect, it } from 'vitest';
import { findClosedPort } from '../../support/servers/http-server.ts';
import { startProxy, startStack } from '../../support/servers/proxy.ts';
import { body, bytesAt, imageUrls, type Stack } from '../../support/servers/stack.ts';

/** What a server is asked in a loop: one call that passes through and one that would be paid for. */
async function askBoth(stack: Stack) {
  const passed = await stack.request('GET', '/api/v1/tasks');
  const generated = await stack.generate(body('a snake that eats its tail'));
  return [passed, generated].map(({ status, json }) => [status, json?.code]);
}

describe('a chain that leads back', () => {
  it('to the server itself is refused at its second visit, without another try', async () => {
    const port = await findClosedPort();
    const stack = await startProxy(`http://127.0.0.1:${port}/api/v1`, { PORT: String(port) });
    expect(await askBoth(stack)).toEqual([
      [508, 'LoopDetected'],
      [508, 'LoopDetected'],
    ]);
    expect(stack.events.filter(({ type }) => type === 'upstream')).toHaveLength(1);
  });

  it('through another server is refused at the first one’s second visit', async () => {
    const port = await findClosedPort();
    const second = await startProxy(`http://127.0.0.1:${port}`);
    const first = await startProxy(second.origin, { PORT: String(port) });
    expect(await askBoth(first)).toEqual([
      [508, 'LoopDetected'],
      [508, 'LoopDetected'],
    ]);
    const sent = [...first.events, ...second.events].filter(({ type }) => type === 'upstream');
    expect(sent).toHaveLength(2);
  });
});

describe('a server in front of another', () => {
  it('buys nothing that the other has', async () => {
    const back = await startStack();
    const answers = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const front = await startProxy(back.origin);
      answers.push(await front.generate(body('two floors')), await front.generate(body('two floors')));
    }
    expect(answers.map(({ headers }) => headers.get('x-cache'))).toEqual(['MISS', 'HIT', 'MISS', 'HIT']);
    expect(back.asked).toBe(1);
    const [first = '', ...others] = answers.flatMap(imageUrls);
    const picture = Buffer.from(await bytesAt(first));
    expect(others).toHaveLength(3);
    for (const url of others) expect(picture.equals(await bytesAt(url))).toBe(true);
    const paths = answers.flatMap(imageUrls).map((url) => new URL(url).pathname);
    expect(new Set(paths).size).toBe(1);
  });
});
