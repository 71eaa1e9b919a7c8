import { expect, it } from 'vitest';
import { type KnownRoute, routesOf } from '../support/clients/routes.ts';
import { startStack } from '../support/servers/start-stack.ts';
import { readSection } from './pages.ts';

/** What serves the page of a browser, not a program. */
const PAGE = /^\/admin(\/(?!api)|$)|^\/docs\/style\.css$/;

/** The routes that a table names: `GET /path`. */
function documented(page: string, section: string): readonly string[] {
  const cells = (readSection(page, section) ?? '').split('\n').map((line) => line.split('|')[1] ?? '');
  return cells.flatMap((cell) => [...cell.matchAll(/`([A-Z]+ \/[^`]+)`/g)].map(([, route = '']) => route));
}

/** The methods that answer at a path: a handler of every method beside others refuses, alone it is a door of its own. */
function servedRoutes(routes: readonly KnownRoute[]): ReadonlySet<string> {
  const served = routes.filter(
    ({ method, path }) =>
      method !== 'ALL' || !routes.some((other) => other.path === path && other.method !== 'ALL'),
  );
  return new Set(
    served.map(({ method, path }) => `${method === 'ALL' ? 'GET' : method} ${path.replace(/\/$/, '')}`),
  );
}

it('the tables of routes name every route, and no other', async () => {
  const stack = await startStack();
  const served = servedRoutes(routesOf(stack).filter(({ path }) => !PAGE.test(path)));
  const told = [
    ...documented('docs/reference/http.md', 'routes'),
    ...documented('docs/reference/admin-api.md', 'admin'),
  ];
  expect([...told].sort()).toEqual([...served].sort());
});
