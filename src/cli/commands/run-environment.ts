import type { Environment } from '../../config.ts';

/** The environment of a program that asks `origin` in place of the vendor, with the user's key if it has none. */
export function programEnvironment(
  environment: Environment,
  origin: string,
  apiKey: string | undefined,
): Environment {
  const { hostname } = new URL(origin);
  const noProxy = withoutProxy(environment.NO_PROXY ?? environment.no_proxy, hostname);
  const key = environment.DASHSCOPE_API_KEY || apiKey;
  return {
    ...environment,
    // The SDKs send nothing without a key; an empty one counts as none.
    DASHSCOPE_API_KEY: key,
    // The user's OpenAI key would be sent on to DashScope.
    OPENAI_API_KEY: key,
    DASHSCOPE_HTTP_BASE_URL: `${origin}/api/v1`,
    DASHSCOPE_BASE_URL: `${origin}/api/v1`,
    OPENAI_BASE_URL: `${origin}/v1`,
    // Some programs read the one, some the other.
    NO_PROXY: noProxy,
    no_proxy: noProxy,
  };
}

function withoutProxy(given: string | undefined, host: string): string {
  const hosts = (given ?? '').split(',').map((one) => one.trim());
  return [...new Set([...hosts, 'localhost', '127.0.0.1', host])].filter((one) => one !== '').join(',');
}
