import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { admin, keyOf } from '../../support/clients/admin.ts';
import { edit } from '../../support/clients/assets.ts';
import { runCommand } from '../../support/servers/child-command.ts';
import { ask, draw, ownServer } from '../../support/servers/cli-admin.ts';
import { body, bytesAt, imageUrls } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

describe('show', () => {
  it('tells everything that is known of an entry', async () => {
    const stack = await startStack();
    await draw(stack, 'a red fox\nat dusk', { seed: 7 });
    await draw(stack, 'a red fox\nat dusk', { seed: 7 });
    const key = await keyOf(stack, 'a red fox\nat dusk');
    await admin(stack, 'POST', `entries/${key}/pin`, { pinned: true });
    await admin(stack, 'PUT', `entries/${key}/tags`, { tags: ['Mood board', '海报'] });
    await admin(stack, 'POST', `entries/${key}/invalidate`);
    await stack.server.services.usage.flush();
    const { takes } = (await admin(stack, 'GET', `entries/${key}`)).json;
    const [{ images, scope, canonical, upstream_request_id: request }] = takes;
    const { code, stdout, stderr } = await ask(stack, 'show', key);
    expect([code, stderr]).toEqual([0, '']);
    const lines = stdout.split('\n');
    expect(lines).toEqual([
      `${key}, take 1`,
      '  prompt      a red fox',
      '              at dusk',
      '  model       qwen-image-max',
      expect.stringMatching(/^ {2}image {7}512\*512, image\/png, [\d.]+ KiB$/),
      `              ${images[0].url}`,
      expect.stringMatching(/^ {2}stored {6}\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      expect.stringMatching(/^ {2}used {8}\d{4}-\d\d-\d\dT[\d:.]+Z, 1 hit$/),
      `  scope       ${scope}`,
      '  site        simulator',
      '  cost        0.50 CNY',
      expect.stringMatching(/^ {2}drawn in {4}\d+\.\d s$/),
      `  request     ${request}, upstream's`,
      '  pinned      never evicted',
      expect.stringMatching(/^ {2}invalid {5}answers no request since 2\d{3}-/),
      '  tags        Mood board, 海报',
      expect.stringMatching(/^ {2}usage {7}\{.*\}$/),
      `  recipe      ${JSON.stringify(canonical)}`,
    ]);
    const json = await ask(stack, 'show', key, '--json');
    expect(JSON.parse(json.stdout)).toEqual({ key, takes });
  });

  it('says where the pictures are: as files with the folder, as URLs of a server', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await stack.generate(body('a fox', SMALL)));
    const bytes = await bytesAt(url);
    const key = await keyOf(stack, 'a fox');
    expect((await ask(stack, 'show', key)).stdout).toContain(`              ${url}\n`);
    await stack.stopServer();
    const { stdout } = await runCommand(['show', key], ownServer(stack));
    const [, file = ''] = /^ {14}(\/.*)$/m.exec(stdout) ?? [];
    expect(new Uint8Array(await readFile(file))).toEqual(bytes);
  });

  it('follows edits in both directions', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await stack.generate(body('a fox', SMALL)));
    await stack.generate(edit(url));
    const [source, edited] = [await keyOf(stack, 'a fox'), await keyOf(stack, 'from steel to copper')];
    const digest = /[0-9a-f]{64}/.exec(url)?.[0];
    expect((await ask(stack, 'show', source)).stdout).toContain(
      `  drawn on    ${edited}: "from steel to copper"\n`,
    );
    expect((await ask(stack, 'show', edited)).stdout).toMatch(
      new RegExp(`^ {2}drawn from {2}${digest}, given as \\S+\n {14}the image of ${source}$`, 'm'),
    );
  });

  it('tells all takes, or one, of one scope', async () => {
    const stack = await startStack();
    await draw(stack, 'a fox', { key: 'sk-alice' });
    await draw(stack, 'a fox', { key: 'sk-bob' });
    await stack.generate(body('a fox', SMALL), {
      authorization: 'Bearer sk-alice',
      'cache-control': 'no-cache',
    });
    const key = await keyOf(stack, 'a fox');
    const several = await ask(stack, 'show', key);
    expect(several.code).toBe(2);
    const [, scope = ''] = /--scope=(key:[0-9a-f]{32})/.exec(several.stderr) ?? [];
    expect((await ask(stack, 'show', key, '--scope', scope)).stdout).toContain(`  scope       ${scope}\n`);
    const { entries } = (await admin(stack, 'GET', 'entries')).json;
    const alice = entries[0].scope;
    const all = await ask(stack, 'show', key, '--scope', alice, '--site', 'simulator');
    expect(all.stdout.match(/take \d/g)).toEqual(['take 2', 'take 1']);
    const one = await ask(stack, 'show', key, '--scope', alice, '--take', '1');
    expect(one.stdout.match(/take \d/g)).toEqual(['take 1']);
    expect(await ask(stack, 'show', key, '--take', '9')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/No such entry is stored/),
    });
  });

  it.each([
    [['k1:abc'], 'a key is'],
    [['../stats'], 'a key is'],
    [[`k1:${'0'.repeat(32)}`, '--take', 'two'], '--take must be'],
    [[], 'key'],
  ])('%j is refused', async (args, problem) => {
    const stack = await startStack();
    const { code, stderr } = await ask(stack, 'show', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(problem)]);
  });
});
