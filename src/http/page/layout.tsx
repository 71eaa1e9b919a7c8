import { html } from 'hono/html';
import type { PropsWithChildren } from 'hono/jsx';

/** Where the page's scripts, style and icon are. */
export const ASSETS_PATH = '/admin/assets';

/** In the order in which later ones refine earlier ones. */
const STYLES = ['base', 'controls', 'cards', 'entry', 'figures'] as const;

/** The way from page to page. */
const PAGES = [
  { path: '/admin', name: 'Gallery' },
  { path: '/admin/explain', name: 'Explain' },
  { path: '/admin/flights', name: 'Flights' },
  { path: '/admin/figures', name: 'Figures' },
] as const;

export interface Frame {
  /** What the page is about; its heading. */
  readonly title: string;
  /** The page's path, where it is one of those that the navigation leads to. */
  readonly path?: string;
  /** The script that fills the page, by its name. */
  readonly script?: string;
  /** Nobody is in yet: there is nowhere to go. */
  readonly isOutside?: boolean;
  /** The way out is shown where there was a way in. */
  readonly hasLogin?: boolean;
}

/** A whole page. Whatever is put into it is escaped. */
export function Layout(props: PropsWithChildren<Frame>) {
  const { title, path, script, isOutside = false, hasLogin = false, children } = props;
  return html`<!doctype html>${(
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>{title} · dashcache</title>
        {STYLES.map((name) => (
          <link rel="stylesheet" href={`${ASSETS_PATH}/styles/${name}.css`} />
        ))}
        <link rel="icon" type="image/svg+xml" href={`${ASSETS_PATH}/icon.svg`} />
        {script === undefined ? null : <script type="module" src={`${ASSETS_PATH}/${script}.js`} />}
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <header class="top">
          <span class="brand">
            <img src={`${ASSETS_PATH}/icon.svg`} alt="" width="28" height="28" />
            dashcache
          </span>
          {isOutside ? null : <Navigation path={path} />}
          {hasLogin ? (
            <form method="post" action="/admin/logout">
              <button type="submit" class="quiet">
                Sign out
              </button>
            </form>
          ) : null}
        </header>
        <main id="main" tabindex={-1}>
          <h1>{title}</h1>
          {script === undefined ? null : (
            <noscript>
              <p class="problem">
                This page shows nothing without JavaScript; the API under /admin/api needs none.
              </p>
            </noscript>
          )}
          {children}
        </main>
      </body>
    </html>
  )}`;
}

function Navigation({ path }: { path: string | undefined }) {
  return (
    <nav aria-label="Pages">
      <ul>
        {PAGES.map((page) => (
          <li>
            <a href={page.path} aria-current={page.path === path ? 'page' : undefined}>
              {page.name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
