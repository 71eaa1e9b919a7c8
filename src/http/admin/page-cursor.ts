import type { PagePlace } from '../../core/pagination.ts';
import { badParameter } from '../wire/query-values.ts';

/** Where the next page of a list begins; of another list it is refused. */
export function writeCursor(list: string, place: PagePlace | undefined): string | null {
  return place === undefined ? null : `${list}.${place.at}.${place.id}`;
}

/** The place that `writeCursor` wrote down for this list. */
export function readCursor(list: string, values: ReadonlyMap<string, string>): PagePlace | undefined {
  const text = values.get('cursor');
  if (text === undefined) return undefined;
  const [, name, at = '', id = ''] = /^(\w+)\.(\d{1,16})\.(\d{1,16})$/.exec(text) ?? [];
  const place = { at: Number(at), id: Number(id) };
  if (name === list && Number.isSafeInteger(place.at) && Number.isSafeInteger(place.id)) return place;
  throw badParameter('cursor', 'must be the next_cursor of a page of the same list');
}
