import { expect, it } from 'vitest';
import { programEnvironment } from '../../../src/cli/commands/run-environment.ts';

const ORIGIN = 'http://127.0.0.1:4321';

it('points every SDK at the server, past any proxy', () => {
  expect(programEnvironment({ HTTP_PROXY: 'http://proxy:3128', HOME: '/home/x' }, ORIGIN, undefined)).toEqual(
    {
      HTTP_PROXY: 'http://proxy:3128',
      HOME: '/home/x',
      DASHSCOPE_HTTP_BASE_URL: `${ORIGIN}/api/v1`,
      DASHSCOPE_BASE_URL: `${ORIGIN}/api/v1`,
      OPENAI_BASE_URL: `${ORIGIN}/v1`,
      NO_PROXY: 'localhost,127.0.0.1',
      no_proxy: 'localhost,127.0.0.1',
    },
  );
});

it.each([
  [{ NO_PROXY: 'a.example, .b.example' }, 'a.example,.b.example,localhost,127.0.0.1'],
  [{ no_proxy: 'localhost' }, 'localhost,127.0.0.1'],
])('adds to the exceptions from the proxy in %j', (environment, expected) => {
  expect(programEnvironment(environment, ORIGIN, undefined)).toMatchObject({
    NO_PROXY: expected,
    no_proxy: expected,
  });
});

it('names a server elsewhere among them', () => {
  const { NO_PROXY } = programEnvironment({}, 'http://cache.lan:8787', undefined);
  expect(NO_PROXY).toBe('localhost,127.0.0.1,cache.lan');
});

it('gives the key to a program that has none', () => {
  expect(programEnvironment({ DASHSCOPE_API_KEY: '' }, ORIGIN, 'sk-found')).toMatchObject({
    DASHSCOPE_API_KEY: 'sk-found',
    OPENAI_API_KEY: 'sk-found',
  });
  const own = { DASHSCOPE_API_KEY: 'sk-own' };
  expect(programEnvironment(own, ORIGIN, 'sk-found')).toMatchObject({ ...own, OPENAI_API_KEY: 'sk-own' });
});

it('keeps OpenAI’s own key from going to DashScope', () => {
  const given = { OPENAI_API_KEY: 'sk-openai' };
  expect(programEnvironment(given, ORIGIN, 'sk-found').OPENAI_API_KEY).toBe('sk-found');
  expect(programEnvironment(given, ORIGIN, undefined).OPENAI_API_KEY).toBeUndefined();
});

it('leaves what the user set to nothing as it is', () => {
  expect(programEnvironment({ GIT_PAGER: '', DASHSCOPE_API_KEY: '' }, ORIGIN, undefined)).toMatchObject({
    GIT_PAGER: '',
  });
});

it('leaves the rest of the vendor’s variables alone', () => {
  const environment = { DASHSCOPE_WEBSOCKET_BASE_URL: 'wss://dashscope.aliyuncs.com/api-ws/v1/inference' };
  expect(programEnvironment(environment, ORIGIN, undefined)).toMatchObject(environment);
});
