import { Hono } from 'hono';
import { DOCS_STYLE } from './style.ts';

/** The page has no script, and nothing in it comes from elsewhere. */
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

/** The description of what is our own, for programs and for people. Open, and the same on every server. */
export function openApiRoutes(): Hono {
  const routes = new Hono();
  routes.get('/openapi.json', async (c) => c.json((await load()).OPENAPI_DOCUMENT));
  routes.get('/docs', async (c) => {
    const [{ OPENAPI_DOCUMENT }, { docsPage }] = await Promise.all([load(), import('./page.ts')]);
    return c.html(docsPage(OPENAPI_DOCUMENT), 200, PAGE_HEADERS);
  });
  routes.get('/docs/style.css', (c) =>
    c.body(DOCS_STYLE, 200, {
      'content-type': 'text/css; charset=utf-8',
      'x-content-type-options': 'nosniff',
    }),
  );
  return routes;
}

/** Made when it is first asked for: most servers never are. */
function load() {
  return import('./document.ts');
}
