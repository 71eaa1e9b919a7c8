import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { png } from '../../support/data/sample-images.ts';
import { runCommand } from '../../support/servers/child-command.ts';
import { ChildServer } from '../../support/servers/child-server.ts';
import { prepareCli } from '../../support/servers/cli-stack.ts';

const REQUEST = { prompt: 'a studio product photo of headphones', size: '512*512', seed: 7 };
const TEXT = JSON.stringify(REQUEST);
const FOLDER = 'output/ai-image-qwen-image/images';

const REFERENCE = png(512, 512);

const isPng = (bytes: Uint8Array) => Buffer.from(bytes.subarray(1, 4)).toString() === 'PNG';

describe('generate', () => {
  it('writes the picture where it is told, as the seed’s helper does, and pays once', async () => {
    const { env, folder, asked } = await prepareCli();
    const output = `${FOLDER}/headphones.png`;
    const args = ['generate', '--request', TEXT, '--output', output];
    const first = await runCommand([...args, '--print-response'], env, { cwd: folder });
    expect(first.code).toBe(0);
    const response = JSON.parse(first.stdout);
    expect(response).toMatchObject({ width: 512, height: 512, seed: 7, cached: false });
    expect(first.stderr).toMatch(new RegExp(`^drawn for 0\\.50 CNY\\n${output}$`, 'm'));
    const bytes = await readFile(join(folder, output));
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(response.images[0].sha256);
    const second = await runCommand(args, env, { cwd: folder });
    expect(second).toMatchObject({ code: 0, stdout: output });
    expect(second.stderr).toMatch(/^from the cache, saved 0\.50 CNY$/m);
    expect(asked()).toBe(1);
  });

  it('hands out the URL that serve will have', async () => {
    const { env, folder } = await prepareCli();
    const { stdout } = await runCommand(['generate', '--request', TEXT, '--json'], env, { cwd: folder });
    const [url] = JSON.parse(stdout).response.images.map((image: { url: string }) => image.url);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:8787\/blobs\//);
    const { origin } = await ChildServer.start(env);
    expect((await fetch(url.replace('http://127.0.0.1:8787', origin))).status).toBe(200);
  });

  it.each([
    ['a path', (path: string) => [path]],
    ['@ and a path', (path: string) => [`@${path}`]],
  ])('reads the request from %s', async (_, argument) => {
    const { env, folder } = await prepareCli();
    await writeFile(join(folder, 'request.json'), TEXT);
    const args = ['generate', '--request', ...argument('request.json')];
    const { code, stdout } = await runCommand(args, env, { cwd: folder });
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${FOLDER}/[0-9a-f]{16}\\.png$`));
    expect(isPng(await readFile(join(folder, stdout)))).toBe(true);
  });

  it('reads it from standard input, and writes below OUTPUT_DIR', async () => {
    const { env, folder } = await prepareCli();
    const { code, stdout } = await runCommand(
      ['generate', '--request', '-'],
      { ...env, OUTPUT_DIR: 'elsewhere' },
      { cwd: folder, input: TEXT },
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^elsewhere\/ai-image-qwen-image\/images\/[0-9a-f]{16}\.png$/);
  });

  it('numbers several pictures, and names those in a folder by their content', async () => {
    const { env, folder, asked } = await prepareCli();
    const request = JSON.stringify({ ...REQUEST, model: 'qwen-image-2.0', n: 2 });
    const args = ['generate', '--request', request, '--output'];
    const named = await runCommand([...args, 'a/b.png'], env, { cwd: folder });
    expect(named.stdout).toBe('a/b-1.png\na/b-2.png');
    await mkdir(join(folder, 'there'));
    expect((await runCommand([...args, 'there'], env, { cwd: folder })).code).toBe(0);
    expect((await readdir(join(folder, 'there'))).every((name) => /^[0-9a-f]{16}\.png$/.test(name))).toBe(
      true,
    );
    expect(await readdir(join(folder, 'there'))).toHaveLength(2);
    expect(asked()).toBe(1);
  });

  it('says that a name does not fit the format', async () => {
    const { env, folder } = await prepareCli();
    const args = ['generate', '--request', TEXT, '--output', 'x.jpg'];
    const { code, stderr } = await runCommand(args, env, { cwd: folder });
    expect(code).toBe(0);
    expect(stderr).toContain('x.jpg is not in the format that its name says');
  });

  it.each([['ref.png'], ['file://ref.png']])('takes a reference image from %s', async (given) => {
    const { env, folder, simulator } = await prepareCli();
    await writeFile(join(folder, 'ref.png'), REFERENCE);
    const path = given.replace('file://', `file://${folder}/`);
    const request = {
      prompt: 'at night',
      size: '512*512',
      model: 'qwen-image-edit-plus',
      reference_image: path,
    };
    const args = ['generate', '--request', JSON.stringify(request)];
    expect((await runCommand(args, env, { cwd: folder })).code).toBe(0);
    const [sent] = simulator.control.recent('generation');
    expect(sent?.body).toContain(`data:image/png;base64,${Buffer.from(REFERENCE).toString('base64')}`);
  });

  it.each([
    ['{"prompt":', /^dashcache: --request is not JSON: /],
    ['[]', /^dashcache: --request is JSON, but not an object\n$/],
    ['no-such.json', /^dashcache: no-such\.json cannot be read: /],
    ['{"prompt":"x","size":"512*512","reference_image":"no.png"}', /cannot be read as a file: .*no\.png/],
  ])('refuses the request %j before anything is asked', async (request, message) => {
    const { env, folder, asked } = await prepareCli();
    const end = await runCommand(['generate', '--request', request], env, { cwd: folder });
    expect(end).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(message) });
    expect(asked()).toBe(0);
  });

  it.each([
    ['{"prompt":"x"}', /^dashcache: .*size.*\(invalid_request, request .*\)\n$/],
    ['{"size":"512*512"}', /^dashcache: .*prompt/],
    ['{"prompt":"x","size":"512*512","model":"dall-e-3"}', /^dashcache: .*dall-e-3/],
  ])('tells the server’s refusal of %j', async (request, message) => {
    const { env, folder, asked } = await prepareCli();
    const end = await runCommand(['generate', '--request', request], env, { cwd: folder });
    expect(end).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
    expect(asked()).toBe(0);
  });

  it('says where it looked for a key', async () => {
    const { env, folder } = await prepareCli();
    const args = ['generate', '--request', TEXT];
    const end = await runCommand(args, { ...env, DASHSCOPE_API_KEY: '' }, { cwd: folder });
    expect(end.code).toBe(1);
    expect(end.stderr).toMatch(
      /^dashcache: No API-key .*looked in DASHSCOPE_API_KEY, .*\.dashscope\/api_key/,
    );
  });

  it('asks a server that runs', async () => {
    const { env, folder, asked } = await prepareCli();
    const { origin } = await ChildServer.start(env);
    const args = ['generate', '--server', origin, '--request', TEXT, '--output', 'x.png'];
    expect((await runCommand(args, {}, { cwd: folder })).code).toBe(0);
    expect(isPng(await readFile(join(folder, 'x.png')))).toBe(true);
    expect(asked()).toBe(1);
  });

  it.each([
    ['http://127.0.0.1:1', 1, /^dashcache: http:\/\/127\.0\.0\.1:1 cannot be reached: /],
    ['127.0.0.1:8787', 2, /^dashcache: --server must be an http\(s\) URL/],
  ])('at %s says why not', async (server, code, message) => {
    const end = await runCommand(['generate', '--server', server, '--request', TEXT], {});
    expect(end).toMatchObject({ code, stderr: expect.stringMatching(message) });
  });

  it('says that what answers is no dashcache', async () => {
    const { simulator } = await prepareCli();
    const end = await runCommand(['generate', '--server', simulator.origin, '--request', TEXT], {});
    expect(end.code).toBe(1);
  });
});
