import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../../src/simulator/faults/fault.ts';
import { field } from '../../simulator/support.ts';
import { openAi, refusal } from '../../support/clients/openai.ts';
import { fixture, shapeOf } from '../../support/data/fixtures.ts';
import { startStack } from '../../support/servers/start-stack.ts';

const WANTED = { prompt: 'a boat', size: '512x512' };

describe('what is wrong with a request', () => {
  it.each([
    [{ prompt: '' }, 400, 'prompt', 'invalid_value'],
    [{ prompt: 'a boat', size: 'huge' }, 400, 'size', 'invalid_value'],
    [{ ...WANTED, model: 'qwen-image' }, 400, 'size', 'invalid_value'],
    [{ ...WANTED, model: 'dall-e-3' }, 404, 'model', 'model_not_found'],
    [{ ...WANTED, n: 1.5 }, 400, 'n', 'invalid_value'],
    [{ ...WANTED, seed: -2 }, 400, 'seed', 'invalid_value'],
    [{ ...WANTED, output_format: 'webp' as const }, 400, 'output_format', 'invalid_value'],
  ])('%j is told before anything is paid for', async (body, status, param, code) => {
    const stack = await startStack();
    const problem = await refusal(openAi(stack).images.generate(body));
    expect(problem).toMatchObject({ status, param, code, type: 'invalid_request_error' });
    expect(problem.requestID).toMatch(/^[0-9a-f-]{36}$/);
    expect(stack.asked).toBe(0);
  });

  it('has the shape that the vendor of the shape gives it', async () => {
    const stack = await startStack();
    const answer = await stack.request('POST', '/v1/images/generations', {
      body: '{"prompt":"a boat","size":"7"}',
      headers: { 'content-type': 'application/json' },
    });
    expect(shapeOf(answer.json)).toEqual(shapeOf(field(fixture('44'), 'response.body')));
    expect(answer.headers.get('content-type')).toBe('application/json');
  });

  it.each([
    ['/v1/images/generations', '{', 400],
    ['/v1/images/generations', '[]', 400],
    ['/v1/images/generations', '{"prompt":"a","guidance":12345678901234567890}', 400],
  ])('%s with %s is told in the same shape', async (path, body, status) => {
    const stack = await startStack();
    const answer = await stack.request('POST', path, {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect([answer.status, answer.json.error.type]).toEqual([status, 'invalid_request_error']);
  });

  it('names the method that is taken', async () => {
    const stack = await startStack();
    const answer = await stack.request('GET', '/v1/images/edits');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await stack.request('POST', '/v1/models')).headers.get('allow')).toBe('GET');
  });
});

describe('what the vendor says', () => {
  it.each<[FaultEffect, string, object]>([
    [
      { kind: 'refuse', code: 'DataInspectionFailed' },
      'BadRequestError',
      { status: 400, code: 'DataInspectionFailed', type: 'invalid_request_error' },
    ],
    [
      { kind: 'refuse', code: 'InvalidApiKey' },
      'AuthenticationError',
      { status: 401, code: 'InvalidApiKey' },
    ],
    [
      { kind: 'refuse', code: 'PrepaidBillOverdue', status: 429 },
      'RateLimitError',
      { status: 429, type: 'rate_limit_error' },
    ],
    [{ kind: 'answer', answer: 'text_only' }, 'UnprocessableEntityError', { status: 422, code: 'no_image' }],
    [
      { kind: 'reset', billed: true },
      'APIError',
      { status: 424, code: 'outcome_unknown', type: 'server_error' },
    ],
    [{ kind: 'refuse', status: 504 }, 'InternalServerError', { status: 504, type: 'server_error' }],
  ])('%j is its exception, and is not tried again', async (effect, name, told) => {
    const stack = await startStack();
    stack.simulator.control.fault({ on: 'generation', effect, times: 10 });
    const problem = await refusal(openAi(stack).images.generate(WANTED));
    expect(problem.constructor.name).toBe(name);
    expect(problem).toMatchObject(told);
    expect(problem.headers?.get('x-should-retry')).toBe('false');
    expect(stack.asked).toBe(1);
  });

  it('a throttled request may be sent again, when the vendor says', async () => {
    const stack = await startStack({ DASHCACHE_ATTEMPTS_429: '1' });
    const effect = { kind: 'refuse', code: 'Throttling.RateQuota', retryAfter: '7' } as const;
    stack.simulator.control.fault({ on: 'generation', effect });
    const problem = await refusal(openAi(stack, { maxRetries: 0 }).images.generate(WANTED));
    expect(problem).toBeInstanceOf(OpenAI.RateLimitError);
    expect(problem.headers?.get('retry-after')).toBe('7');
    expect(problem.headers?.get('x-should-retry')).toBeNull();
  });

  it('a picture that could not be stored is told where it is, where its bytes were wanted', async () => {
    const stack = await startStack({ DASHCACHE_MAX_IMAGE: '1KiB' });
    const client = openAi(stack);
    const { data } = await client.images.generate(WANTED);
    expect(data?.[0]?.url).toMatch(new RegExp(`^${stack.simulator.origin}/`));
    const problem = await refusal(client.images.generate({ ...WANTED, response_format: 'b64_json' }));
    expect(problem).toMatchObject({ status: 424, code: 'not_stored' });
    expect(problem.message).toContain(`${stack.simulator.origin}/`);
    expect(stack.asked).toBe(2);
  });

  it('nothing is bought whose bytes would not be kept to be encoded', async () => {
    const stack = await startStack();
    const headers = { 'Cache-Control': 'no-store' };
    const asked = openAi(stack).images.generate({ ...WANTED, response_format: 'b64_json' }, { headers });
    expect(await refusal(asked)).toMatchObject({ status: 400, param: 'response_format' });
    expect(stack.asked).toBe(0);
  });

  it('only-if-cached ends at once', async () => {
    const stack = await startStack();
    const headers = { 'Cache-Control': 'only-if-cached' };
    const problem = await refusal(openAi(stack).images.generate(WANTED, { headers }));
    expect(problem).toMatchObject({ status: 504, code: 'not_cached' });
    expect(problem.headers?.get('x-should-retry')).toBe('false');
  });
});

describe('who asks', () => {
  it('is known by the bearer token, as at every door', async () => {
    const stack = await startStack({
      DASHCACHE_AUTH: 'token',
      DASHCACHE_TOKENS: 'team:0123456789abcdef',
      DASHSCOPE_API_KEY: 'sk-server-0123456789abcdef',
    });
    const problem = await refusal(openAi(stack).images.generate(WANTED));
    expect(problem).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(problem).toMatchObject({ code: 'invalid_api_key' });
    expect(await refusal(openAi(stack).models.list())).toMatchObject({ status: 401 });
    const { data } = await openAi(stack, { apiKey: '0123456789abcdef' }).images.generate(WANTED);
    expect(data).toHaveLength(1);
  });
});

describe('a key that the vendor refuses', () => {
  it('gets no picture that another paid for', async () => {
    const stack = await startStack({ DASHCACHE_AUTH: 'passthrough', DASHCACHE_SCOPE: 'shared' });
    await openAi(stack).images.generate(WANTED);
    const problem = await refusal(openAi(stack, { apiKey: 'sk-invalid' }).images.generate(WANTED));
    expect(problem).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(stack.asked).toBe(1);
  });
});

describe('models', () => {
  it('are the vendor’s own, and those that were added', async () => {
    const stack = await startStack({ DASHCACHE_MODELS: 'house-style' });
    const client = openAi(stack);
    const ids: string[] = [];
    for await (const { id, object } of client.models.list()) if (object === 'model') ids.push(id);
    expect(ids).toEqual(
      expect.arrayContaining(['qwen-image-max', 'qwen-image-edit-plus', 'wan2.6-t2i', 'house-style']),
    );
    expect((await client.models.retrieve('qwen-image-max')).id).toBe('qwen-image-max');
  });

  it('that are not known are told with those that are', async () => {
    const stack = await startStack();
    const problem = await refusal(openAi(stack).models.retrieve('gpt-image-1'));
    expect(problem).toBeInstanceOf(OpenAI.NotFoundError);
    expect(problem).toMatchObject({ code: 'model_not_found', param: 'model' });
    expect(problem.message).toContain('qwen-image-max');
  });
});
