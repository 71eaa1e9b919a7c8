import { Server } from 'node:net';
import { expect, it, onTestFinished, vi } from 'vitest';
import { send } from '../../support/clients/http-client.ts';
import { startStack } from '../../support/servers/start-stack.ts';

it('answers who connects in the moment that it listens', async () => {
  const answers: Promise<number>[] = [];
  const { listen } = Server.prototype;
  const spy = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args) {
    this.prependOnceListener('listening', () => {
      const address = this.address();
      if (address === null || typeof address === 'string') throw new Error('the server has no port');
      const answer = send(`http://127.0.0.1:${address.port}`, { path: '/healthz' });
      answers.push(answer.then(({ status }) => status));
    });
    return Reflect.apply(listen, this, args);
  });
  onTestFinished(() => spy.mockRestore());
  await startStack();
  expect(answers).toHaveLength(2);
  expect(await answers[1]).toBe(200);
});
