import { Hono } from 'hono';
import { isDigest } from '../../core/entries/blob.ts';
import { AppError } from '../../core/errors.ts';
import { hasSession } from '../admin/admin-session.ts';
import type { PageServices } from '../dependencies.ts';
import { toBodyStream } from '../wire/body-stream.ts';
import { methodNotAllowed } from '../wire/method-not-allowed.ts';
import { ComparePage } from './compare.tsx';
import { EntryPage } from './entry.tsx';
import { ExplainPage } from './explain.tsx';
import { FiguresPage } from './figures.tsx';
import { FlightsPage } from './flights.tsx';
import { GalleryPage } from './gallery.tsx';
import { ASSETS_PATH } from './layout.tsx';
import { pageResponse } from './response.ts';

/** Each page's path, and what is on it before its script has asked the API. */
const PAGES = {
  '/admin': GalleryPage,
  '/admin/entries/:key': EntryPage,
  '/admin/compare': ComparePage,
  '/admin/explain': ExplainPage,
  '/admin/flights': FlightsPage,
  '/admin/figures': FiguresPage,
} as const;

const ASSET_TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** The pages of the admin interface, which ask its API for what they show; and thumbnails. */
export function pageRoutes(services: PageServices): Hono {
  const routes = new Hono();
  for (const [path, Page] of Object.entries(PAGES)) {
    routes.get(path, async (c) => pageResponse(<Page hasLogin={await hasSession(c, services)} />));
    routes.all(path, methodNotAllowed('GET'));
  }
  routes.get('/admin/', (c) => c.redirect('/admin', 301));
  routes.get('/admin/thumbnails/:digest', async (c) => {
    const digest = c.req.param('digest');
    if (!isDigest(digest)) throw new AppError('not_found', 'There is no such picture.');
    const thumbnail = await services.thumbnails.read(digest);
    // The picture itself has to do, or there is none: that is said there.
    if (thumbnail === undefined) return c.redirect(`/blobs/${digest}`, 302);
    const { body } = thumbnail;
    return new Response(body instanceof Uint8Array ? new Uint8Array(body) : toBodyStream(body), {
      headers: {
        'content-type': 'image/webp',
        'content-length': String(thumbnail.size),
        'cache-control': 'private, max-age=31536000, immutable',
        'x-content-type-options': 'nosniff',
      },
    });
  });
  return routes;
}

/** Scripts, style and icon: the same on every server, and needed by those who are not in yet. */
export function pageAssetRoutes({ pageAssets }: PageServices): Hono {
  return new Hono().get(`${ASSETS_PATH}/:name{.+}`, async (c) => {
    const name = c.req.param('name');
    const asset = await pageAssets.find(name);
    const type = ASSET_TYPES[name.slice(name.lastIndexOf('.') + 1)];
    if (asset === undefined || type === undefined) throw new AppError('not_found', 'There is no such file.');
    return c.body(new Uint8Array(asset), 200, {
      'content-type': type,
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      // A new version of the program has new ones under the same names.
      'cache-control': 'no-cache',
    });
  });
}
