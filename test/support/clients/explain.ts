import type { Answer, Stack } from '../servers/stack.ts';

/** What `POST /admin/api/explain` says of a request; a body that is no string is sent as JSON. */
export async function explain(
  stack: Stack,
  body: unknown,
  { headers = {}, query = '' }: { headers?: Readonly<Record<string, string>>; query?: string } = {},
): Promise<Answer> {
  return await stack.request('POST', `/admin/api/explain${query}`, {
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });
}
