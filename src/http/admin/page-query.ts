import * as v from 'valibot';
import type { PagePlace } from '../../core/pagination.ts';
import { means, wholeText } from '../../core/schema.ts';
import { badParameter } from '../wire/query-values.ts';

/** Rows on a page that is asked for without a limit. */
export const DEFAULT_LIMIT = 50;

/** How a list is turned over. */
export const PAGE_FIELDS = {
  cursor: v.optional(means('The `next_cursor` of the page before.', v.string())),
  limit: v.optional(
    v.pipe(wholeText(1, 200), v.metadata({ default: DEFAULT_LIMIT, description: 'Rows on a page.' })),
  ),
};

/** Where the next page of a list begins; of another list it is refused. */
export function writeCursor(list: string, place: PagePlace | undefined): string | null {
  return place === undefined ? null : `${list}.${place.at}.${place.id}`;
}

/** The place that `writeCursor` wrote down for this list. */
export function readCursor(list: string, cursor: string | undefined): PagePlace | undefined {
  if (cursor === undefined) return undefined;
  const [, name, at = '', id = ''] = /^(\w+)\.(\d{1,16})\.(\d{1,16})$/.exec(cursor) ?? [];
  const place = { at: Number(at), id: Number(id) };
  if (name === list && Number.isSafeInteger(place.at) && Number.isSafeInteger(place.id)) return place;
  throw badParameter('cursor', 'must be the next_cursor of a page of the same list');
}
