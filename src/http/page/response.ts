import { PAGE_HEADERS } from './headers.ts';

/** A page as an answer. */
export async function pageResponse(
  page: { toString(): string } | Promise<{ toString(): string }>,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return new Response(String(await page), {
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', ...PAGE_HEADERS, ...headers },
  });
}
