import { Hono } from 'hono';
import { API_PARTS, OPENAPI_DOCUMENT } from './document.ts';
import { docsPage } from './page.ts';
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
  const { info, components } = OPENAPI_DOCUMENT;
  const page = docsPage(info, API_PARTS, components.schemas);
  const routes = new Hono();
  routes.get('/openapi.json', (c) => c.json(OPENAPI_DOCUMENT));
  routes.get('/docs', (c) => c.html(page, 200, PAGE_HEADERS));
  routes.get('/docs/style.css', (c) =>
    c.body(DOCS_STYLE, 200, {
      'content-type': 'text/css; charset=utf-8',
      'x-content-type-options': 'nosniff',
    }),
  );
  return routes;
}
