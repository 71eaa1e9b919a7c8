import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChildCommand, runCommand } from '../../support/servers/child-command.ts';
import { prepareCli } from '../../support/servers/cli-stack.ts';

const wish = (prompt: string) => JSON.stringify({ prompt, size: '512*512', seed: 1 });

/** What a terminal shows in the end: of a line that is drawn over and over, what was drawn last. */
function shown(output: string): string {
  return output
    .split('\r\n')
    .map((line) => line.slice(line.lastIndexOf('\x1b[2K') + 1 || line.lastIndexOf('\r') + 1))
    .join('\n');
}

describe('on a terminal', () => {
  it('generate shows how far it is, and takes that away in the end', async () => {
    const { env, folder, simulator } = await prepareCli();
    // How long it takes is learnt from what was drawn before.
    await runCommand(['generate', '--request', wish('one')], env, { cwd: folder });
    const held = simulator.control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const args = ['generate', '--request', wish('two'), '--output', 'x.png'];
    const child = new ChildCommand(args, env, { cwd: folder, terminal: true });
    await child.stdoutMatch(/\[=* *\] {2}drawing, \d+ s of about \d+ s/);
    held.release();
    expect(await child.ended).toBe(0);
    expect(shown(child.output)).toMatch(/drawn for 0\.50 CNY\nx\.png\n$/);
  });

  it('warm counts lines, money and time', async () => {
    const { env, folder, simulator } = await prepareCli();
    const held = simulator.control.fault({ on: 'generation', effect: { kind: 'hold' }, times: 2 });
    await writeFile(join(folder, 'prompts.jsonl'), `${wish('one')}\n${wish('two')}\n`);
    const args = ['warm', 'prompts.jsonl', '--concurrency', '2'];
    const child = new ChildCommand(args, env, { cwd: folder, terminal: true });
    await child.stdoutMatch(/\[ {30}\] {2}0\/2, spent nothing, \d+ s/);
    held.release();
    expect(await child.ended).toBe(0);
    expect(child.output).toMatch(/2 bought, spent 1\.00 CNY\r\n$/);
  });

  it('warm tells failures above its bar', async () => {
    const { env, folder, simulator } = await prepareCli();
    const { control } = simulator;
    control.fault({ on: 'generation', effect: { kind: 'refuse', code: 'DataInspectionFailed' } });
    const held = control.fault({ on: 'generation', effect: { kind: 'hold' } });
    await writeFile(join(folder, 'prompts.jsonl'), `${wish('one')}\n${wish('two')}\n`);
    const args = ['warm', 'prompts.jsonl', '--concurrency', '1'];
    const child = new ChildCommand(args, env, { cwd: folder, terminal: true });
    await child.stdoutMatch(/line 1: .*\r\n[^\n]*\[={15} {15}\] {2}1\/2, spent nothing, 1 failed, /);
    held.release();
    expect(await child.ended).toBe(3);
  });
});

describe('elsewhere', () => {
  it('generate prints a line for each stage, without control characters', async () => {
    const { env, folder } = await prepareCli();
    const { stderr } = await runCommand(['generate', '--request', wish('one')], env, { cwd: folder });
    expect(stderr).toMatch(/^drawing, 0 s$/m);
    expect(stderr).toMatch(/^stored$/m);
    expect(stderr).not.toMatch(/[^\n\x20-\x7e]/);
  });

  it('says nothing beside JSON', async () => {
    const { env, folder } = await prepareCli();
    await writeFile(join(folder, 'prompts.jsonl'), wish('two'));
    for (const args of [
      ['generate', '--request', wish('one')],
      ['warm', 'prompts.jsonl'],
    ]) {
      const { code, stderr, stdout } = await runCommand([...args, '--json'], env, { cwd: folder });
      expect([code, stderr]).toEqual([0, '']);
      expect(() => JSON.parse(stdout)).not.toThrow();
    }
  });
});
