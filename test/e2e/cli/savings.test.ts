import { expect, it } from 'vitest';
import { inOneHour } from '../../support/in-one-hour.ts';
import { runCommand } from '../../support/servers/child-command.ts';
import { prepareCli } from '../../support/servers/cli-stack.ts';

const wish = (prompt: string, model: string) => JSON.stringify({ prompt, model, size: '1328*1328' });

it('savings says what was bought, what was not, and what that came to', () =>
  inOneHour(async () => {
    const { env, folder } = await prepareCli();
    const generate = (prompt: string, model: string) =>
      runCommand(['generate', '--request', wish(prompt, model)], env, { cwd: folder });
    await generate('a fox', 'qwen-image-max');
    await generate('a fox', 'qwen-image-max');
    await generate('a fox', 'qwen-image-plus');
    const shown = await runCommand(['savings'], env);
    expect(shown.code).toBe(0);
    const lines = shown.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^model +hits +bought +errors +hit rate +spent +saved +hours saved$/);
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^qwen-image-max +1 +1 +0 +50 % +0\.50 CNY +0\.50 CNY +0\.0$/),
      expect.stringMatching(/^qwen-image-plus +0 +1 +0 +0 % +0\.20 CNY +nothing +0\.0$/),
      expect.stringMatching(/^total +1 +2 +0 +33 % +0\.70 CNY +0\.50 CNY +0\.0$/),
    ]);
    const json = await runCommand(['savings', '--json', '--by', 'day', '--since', '2d'], env);
    const { parts, total } = JSON.parse(json.stdout);
    expect(total).toMatchObject({
      hits: 1,
      bought: 2,
      spent: { known: [{ amount: 0.7, currency: 'CNY' }], unknown: 0 },
    });
    expect(Object.keys(parts)).toEqual([expect.stringMatching(/^\d{4}-\d\d-\d\d$/)]);
  }));

it.each([
  ['--since', 'yesterday'],
  ['--by', 'key'],
])('savings %s %s is refused before anything is done', async (flag, value) => {
  const { env } = await prepareCli();
  const { code, stderr } = await runCommand(['savings', flag, value], env);
  expect([code, stderr]).toEqual([2, expect.stringContaining(flag)]);
});
