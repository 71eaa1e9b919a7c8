import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ChildCommand, runCommand } from '../support/servers/child-command.ts';
import { createFolder } from '../support/servers/child-server.ts';
import { readSection } from './pages.ts';

/** The demo's simulator draws for more than a second, eight times, and the machine may be busy. */
const MAX_MS = 120_000;

/** The rows of the demo's table without what differs from run to run: the times. */
function rowsOf(text: string): readonly string[] {
  const lines = text.split('\n').filter((line) => /^(\w.*?) {2,}\d+ {2,}\d+ /.test(line));
  return lines.map((line) => line.replace(/ [\d.]+ ms /, '').replace(/ +/g, ' '));
}

it(
  'the demo prints what README shows',
  async () => {
    const folder = await createFolder();
    const { code, stdout } = await runCommand(['demo', '--output', join(folder, 'out')], {}, { cwd: folder });
    expect(code).toBe(0);
    const shown = readSection('README.md', 'demo') ?? '';
    expect(rowsOf(shown).length).toBe(9);
    expect(rowsOf(stdout)).toEqual(rowsOf(shown));
    expect(stdout).toContain(/^Without dashcache .*$/m.exec(shown)?.[0]);
    expect(stdout).toMatch(/^8 images are in /m);
  },
  MAX_MS,
);

it('the simulator says where it listens, and draws there', async () => {
  const simulator = new ChildCommand(['simulate', '--port', '0', '--latency', '0'], {});
  const origin = /http:[^\s;]+/.exec(await simulator.stdoutLine(/http:\/\/127\.0\.0\.1:\d+/))?.[0];
  const answer = await fetch(`${origin}/api/v1/services/aigc/multimodal-generation/generation`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk-simulated', 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'qwen-image-max',
      input: { messages: [{ role: 'user', content: [{ text: 'a paper boat' }] }] },
      parameters: { size: '512*512' },
    }),
  });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"image":"http')]);
});
