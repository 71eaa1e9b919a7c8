import {
  AddressQuery,
  ChangedEntries,
  EntryDetail,
  EntryPage,
  EntrySummary,
  KeyEntries,
  ListQuery,
  PinRequest,
  Removed,
  SightQuery,
  TagsRequest,
} from '../admin/entry-schema.ts';
import { CacheKey } from '../doors/common-schemas.ts';
import { admin, KEY_FAILURES } from './admin-operation.ts';
import { IMPORT_ENTRY } from './admin-transfer.ts';
import { type ApiPart, json, type Operation } from './operation.ts';

/** A change to the entries of a key. */
function change(operation: Pick<Operation, 'id' | 'does' | 'body'>): Operation {
  return admin({
    ...operation,
    path: { key: CacheKey },
    query: AddressQuery.entries,
    answers: { 200: { is: 'How many entries were changed.', content: json(ChangedEntries) } },
    failures: KEY_FAILURES,
  });
}

/** The entries, and what people do to them. */
export const ADMIN_ENTRIES: ApiPart = {
  tag: 'Admin: entries',
  about: 'What is stored, for whoever may look into the store.',
  paths: {
    '/admin/api/entries': {
      get: admin({
        id: 'listEntries',
        does: 'Search and list entries',
        query: ListQuery.entries,
        answers: { 200: { is: 'One page of entries.', content: json(EntryPage) } },
        failures: { 400: 'A parameter is malformed, given twice or not known.' },
      }),
      post: IMPORT_ENTRY,
    },
    '/admin/api/entries/{key}': {
      get: admin({
        id: 'findEntries',
        does: 'Read everything that is known of the entries of a key',
        path: { key: CacheKey },
        query: SightQuery.entries,
        answers: { 200: { is: 'Its takes, newest first.', content: json(KeyEntries) } },
        failures: KEY_FAILURES,
      }),
      delete: admin({
        id: 'deleteEntries',
        does: 'Delete the entries of a key, with the images that no other entry shows',
        path: { key: CacheKey },
        query: AddressQuery.entries,
        answers: { 200: { is: 'What was deleted.', content: json(Removed) } },
        failures: KEY_FAILURES,
      }),
    },
    '/admin/api/entries/{key}/pin': {
      post: change({
        id: 'pinEntries',
        does: 'Keep entries from eviction, or stop that',
        body: json(PinRequest),
      }),
    },
    '/admin/api/entries/{key}/tags': {
      put: change({ id: 'tagEntries', does: 'Replace the tags of entries', body: json(TagsRequest) }),
    },
    '/admin/api/entries/{key}/invalidate': {
      post: change({ id: 'invalidateEntries', does: 'Make entries answer no more: the next request buys' }),
    },
  },
  schemas: { EntrySummary, EntryDetail, Removed, ChangedEntries },
};
