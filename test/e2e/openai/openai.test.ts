import OpenAI from 'openai';
import type { ImageGenStreamEvent } from 'openai/resources/images';
import { describe, expect, it } from 'vitest';
import { base64At, openAi } from '../../support/clients/openai.ts';
import { body, imageUrls, type Stack } from '../../support/servers/stack.ts';
import { SMALL, startStack } from '../../support/servers/start-stack.ts';

const small = (prompt: string) => ({ prompt, size: '512x512' });

/** One picture as URL and in base64. */
const [URL, BASE64] = ['url', 'b64_json'] as const;

/** The JSON bodies that upstream was asked with. */
const sentOf = (stack: Stack) =>
  stack.simulator.control.recent('generation').map((call) => JSON.parse(call.body));

describe('images.generate of the openai package', () => {
  it('draws, and answers a durable URL; the second time from the store', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const { data: first, response } = await client.images.generate(small('a boat')).withResponse();
    expect(first).toEqual({
      created: expect.any(Number),
      data: [{ url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/blobs\/[0-9a-f]{64}\.png$/) }],
      size: '512x512',
      output_format: 'png',
    });
    expect(response.headers.get('x-cache')).toBe('MISS');
    expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const again = await client.images.generate(small('a boat')).withResponse();
    expect(again.response.headers.get('x-cache')).toBe('HIT');
    expect(again.response.headers.get('age')).toMatch(/^\d+$/);
    expect(again.data).toEqual(first);
    expect(again.request_id).not.toBe(response.headers.get('x-request-id'));
    expect(stack.asked).toBe(1);
  });

  it('answers the same bytes in base64, from the same entry', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const { data: [byUrl] = [] } = await client.images.generate(small('a boat'));
    const encoded = await client.images.generate({ ...small('a boat'), response_format: BASE64 });
    expect(encoded).toMatchObject({ size: '512x512', output_format: 'png' });
    expect(Object.keys(encoded.data?.[0] ?? {})).toEqual(['b64_json']);
    expect(encoded.data?.[0]?.b64_json).toBe(await base64At(byUrl?.url));
    expect(stack.asked).toBe(1);
  });

  it('answers several pictures in their order, in either form', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const wanted = { ...small('three boats'), model: 'qwen-image-2.0', n: 3 };
    const byUrl = await client.images.generate(wanted);
    const encoded = await client.images.generate({ ...wanted, response_format: BASE64 });
    const urls = byUrl.data?.map(({ url }) => url) ?? [];
    expect(new Set(urls).size).toBe(3);
    expect(encoded.data?.map(({ b64_json }) => b64_json)).toEqual(await Promise.all(urls.map(base64At)));
    expect(stack.asked).toBe(1);
  });

  it('asks upstream for one picture at least, for no size with auto, and passes on what is the vendor’s', async () => {
    const stack = await startStack();
    await openAi(stack).images.generate({
      ...{ seed: 7, negative_prompt: 'rain', watermark: true },
      model: 'wan2.6-t2i',
      prompt: 'a boat',
      size: 'auto',
      quality: 'high',
      user: 'u-1',
    });
    expect(sentOf(stack)).toEqual([
      {
        model: 'wan2.6-t2i',
        parameters: { watermark: true, negative_prompt: 'rain', seed: 7, n: 1 },
        input: { messages: [{ role: 'user', content: [{ text: 'a boat' }] }] },
      },
    ]);
  });

  it('tells tokens where the vendor does', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const plain = await client.images.generate({ ...small('a boat'), model: 'z-image-turbo' });
    expect(plain).not.toHaveProperty('usage');
    const extended = await client.images.generate({
      ...{ prompt_extend: true },
      ...small('a boat'),
      model: 'z-image-turbo',
    });
    expect(extended.usage).toEqual({
      input_tokens: 62,
      input_tokens_details: { image_tokens: 0, text_tokens: 62 },
      output_tokens: 231,
      total_tokens: 293,
    });
  });

  it('shares its entries with the other doors, both ways', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const bought = await stack.generate(body('bought at the vendor’s door', { ...SMALL, seed: 7 }));
    const hit = await client.images.generate({ ...{ seed: 7 }, ...small('bought at the vendor’s door') });
    expect(hit.data?.map(({ url }) => url)).toEqual(imageUrls(bought));
    const { data } = await client.images.generate(small('bought here'));
    const other = await stack.generate(body('bought here', SMALL));
    expect(imageUrls(other)).toEqual(data?.map(({ url }) => url));
    const own = await stack.request('POST', '/v1/image.generate', {
      body: JSON.stringify({ prompt: 'bought here', size: '512*512' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(own.json).toMatchObject({ cached: true, image_url: data?.[0]?.url });
    expect(stack.asked).toBe(2);
  });

  it('draws with models that the vendor serves only as tasks', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const wanted = { ...small('a boat'), model: 'wan2.2-t2i-flash' };
    const { data } = await client.images.generate(wanted);
    expect(data?.[0]?.url).toMatch(new RegExp(`^${stack.origin}/blobs/`));
    const encoded = await client.images.generate({ ...wanted, response_format: BASE64 });
    expect(encoded.data?.[0]?.b64_json).toBe(await base64At(data?.[0]?.url));
    expect(stack.asked).toBe(1);
  });

  it('takes the cache’s directives and takes', async () => {
    const stack = await startStack({ DASHCACHE_SEEDLESS: 'takes:2' });
    const client = openAi(stack);
    const ask = (headers: Record<string, string>) =>
      client.images.generate(small('a boat'), { headers }).withResponse();
    const first = await ask({});
    const second = await ask({ 'X-Dashcache-Take': '2' });
    expect(second.data.data).not.toEqual(first.data.data);
    const third = await ask({ 'Cache-Control': 'no-store' });
    expect(third.response.headers.get('cache-status')).toContain('fwd=bypass');
    // Nothing was kept: upstream's own address.
    expect(third.data.data?.[0]?.url).toMatch(new RegExp(`^${stack.simulator.origin}/`));
    expect(stack.asked).toBe(3);
  });

  it('shares one flight among all who ask at once', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const asked = Array.from({ length: 20 }, (_, index) =>
      client.images.generate({ ...small('a burst'), response_format: index % 2 === 0 ? URL : BASE64 }),
    );
    const answers = await Promise.all(asked);
    expect(answers.every(({ data }) => data?.length === 1)).toBe(true);
    expect(stack.asked).toBe(1);
  });
});

describe('a stream', () => {
  it('completes each picture with an event, whose base64 is the picture’s', async () => {
    const stack = await startStack();
    const client = openAi(stack);
    const wanted = { ...small('two boats'), model: 'qwen-image-2.0', n: 2 };
    const stream = await client.images.generate({ ...wanted, stream: true, partial_images: 2 });
    const events: ImageGenStreamEvent[] = [];
    for await (const event of stream) events.push(event);
    expect(events.map(({ b64_json, ...event }) => event)).toEqual(
      [0, 1].map(() => ({
        type: 'image_generation.completed',
        created_at: expect.any(Number),
        size: '512x512',
        output_format: 'png',
        quality: 'auto',
        background: 'auto',
      })),
    );
    const { data = [] } = await client.images.generate(wanted);
    expect(events.map(({ b64_json }) => b64_json)).toEqual(
      await Promise.all(data.map(({ url }) => base64At(url))),
    );
    expect(stack.asked).toBe(1);
  });

  it('tells what went wrong as an error with its status: nothing is sent before the picture is there', async () => {
    const stack = await startStack();
    const client = openAi(stack, { maxRetries: 0 });
    stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'refuse', code: 'DataInspectionFailed' },
    });
    const asked = client.images.generate({ ...small('a boat'), stream: true });
    await expect(asked).rejects.toBeInstanceOf(OpenAI.BadRequestError);
  });

  it('can have URLs, for those who say so', async () => {
    const stack = await startStack();
    const answer = await stack.request('POST', '/v1/images/generations', {
      body: JSON.stringify({ ...small('a boat'), stream: true, response_format: 'url' }),
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(answer.text).toMatch(
      /^event: image_generation\.completed\ndata: \{[^\n]+"url":"[^"]+\.png"\}\n\n$/,
    );
  });
});
