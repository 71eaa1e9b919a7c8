import type { Answer, Stack } from '../servers/stack.ts';

/** A call of the admin interface; a body is sent as JSON. */
export async function admin(stack: Stack, method: string, path: string, body?: unknown): Promise<Answer> {
  return await stack.request(method, `/admin/api/${path}`, {
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json' },
  });
}

/** The prompts of the entries that a query lists, in its order. */
export async function listed(
  stack: Stack,
  query: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { status, text, json } = await admin(stack, 'GET', `entries?${new URLSearchParams(query)}`);
  if (status !== 200) throw new Error(text);
  return json.entries.map(({ prompt }: { prompt: string }) => prompt);
}

/** The key of the only entry with a prompt. */
export async function keyOf(stack: Stack, prompt: string): Promise<string> {
  const { json } = await admin(stack, 'GET', 'entries?limit=200');
  const found = json.entries.filter((entry: { prompt: string }) => entry.prompt === prompt);
  if (found.length === 0) throw new Error(`nothing is stored of ${prompt}`);
  return found[0].key;
}
