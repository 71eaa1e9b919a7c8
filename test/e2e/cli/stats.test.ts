import { describe, expect, it } from 'vitest';
import { admin } from '../../support/clients/admin.ts';
import { runCommand } from '../../support/servers/child-command.ts';
import { ask, draw, ownServer } from '../../support/servers/cli-admin.ts';
import { startStack } from '../../support/servers/start-stack.ts';

describe('stats', () => {
  it('says how much is stored, whose it is, and what it cost and spared', async () => {
    const stack = await startStack();
    await draw(stack, 'a fox');
    await draw(stack, 'a fox');
    await draw(stack, 'a fox', { model: 'qwen-image-plus', size: '1328*1328', key: 'sk-other' });
    await stack.server.services.usage.flush();
    const { code, stdout, stderr } = await ask(stack, 'stats');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^2 entries, 2 images, [\d.]+ [KM]iB$/),
      '',
      expect.stringMatching(/^model +entries +bytes +hits$/),
      expect.stringMatching(/^-/),
      expect.stringMatching(/^qwen-image-max +1 +[\d.]+ KiB +1$/),
      expect.stringMatching(/^qwen-image-plus +1 +[\d.]+ [KM]iB +0$/),
      '',
      expect.stringMatching(/^scope +entries +bytes +hits$/),
      expect.stringMatching(/^-/),
      expect.stringMatching(/^key:[0-9a-f]{32} +1 /),
      expect.stringMatching(/^key:[0-9a-f]{32} +1 /),
      '',
      expect.stringMatching(/^list price +spent +avoided$/),
      expect.stringMatching(/^-/),
      expect.stringMatching(/^CNY +0\.70 +0\.50$/),
    ]);
    const json = await ask(stack, 'stats', '--json');
    expect(JSON.parse(json.stdout)).toEqual((await admin(stack, 'GET', 'stats')).json);
  });

  it('of an empty folder says that there is nothing', async () => {
    const stack = await startStack();
    await stack.stopServer();
    const { code, stdout } = await runCommand(['stats'], ownServer(stack));
    expect([code, stdout]).toEqual([0, '0 entries, 0 images, 0 B']);
  });
});
