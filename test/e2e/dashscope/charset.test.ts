import { expect, it } from 'vitest';
import { startStack } from '../../support/servers/proxy.ts';
import { body } from '../../support/servers/stack.ts';

it('a charset beside the body does not go upstream: other words would be drawn than were hashed', async () => {
  const stack = await startStack();
  const text = JSON.stringify(body('猫', { size: '1024*1024', n: 1 }));
  for (const charset of ['gbk', 'utf-16', 'utf-8; charset=gbk']) {
    const headers = { 'content-type': `application/json; charset=${charset}`, 'cache-control': 'no-cache' };
    expect((await stack.generate(text, headers)).status).toBe(200);
    const sent = stack.simulator.control.recent('generation').at(-1);
    expect([sent?.headers['content-type'], sent?.body]).toEqual(['application/json', text]);
  }
});
