import OpenAI from 'openai';
import { API_KEY, bytesAt, type Stack } from '../servers/stack.ts';

/** The official client, as it is, with its own two retries unless told otherwise. */
export function openAi(stack: Stack, options: { apiKey?: string; maxRetries?: number } = {}): OpenAI {
  return new OpenAI({ apiKey: API_KEY, baseURL: `${stack.origin}/v1`, ...options });
}

/** What a call of the client is refused with. */
export async function refusal(call: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  try {
    await call;
  } catch (error) {
    if (error instanceof OpenAI.APIError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}

/** What stands at a URL, in base64. */
export async function base64At(url: string | undefined): Promise<string> {
  return Buffer.from(await bytesAt(url ?? '')).toString('base64');
}
