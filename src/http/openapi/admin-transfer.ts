import { AddressQuery } from '../admin/entry-schema.ts';
import {
  ImportedEntry,
  ImportQuery,
  PortableEntries,
  PortableEntry,
  StoredBlob,
} from '../admin/transfer-schema.ts';
import { CacheKey, Digest } from '../doors/common-schemas.ts';
import { admin, KEY_FAILURES } from './admin-operation.ts';
import { type ApiPart, json } from './operation.ts';

/** The import of an entry, on the path of the entries. */
export const IMPORT_ENTRY = admin({
  id: 'importEntry',
  does: 'Store an entry of another store, once its images are here',
  more: 'The entry answers from now on. An entry of the same recipe that was there before stays as another take.',
  query: ImportQuery.entries,
  body: json(PortableEntry),
  answers: {
    200: { is: 'The entry was stored already.', content: json(ImportedEntry) },
    201: { is: 'The entry is stored.', content: json(ImportedEntry) },
  },
  failures: {
    400: 'A field is malformed, does not belong to the others, or names an image that is not here.',
    413: 'The body has more than a million bytes.',
  },
});

/** Entries on their way between stores. */
export const ADMIN_TRANSFER: ApiPart = {
  tag: 'Admin: transfer',
  about:
    'From store to store: export the entries of a key, put the images that they name (read from `/blobs/{name}`), then post each entry.',
  paths: {
    '/admin/api/entries/{key}/export': {
      get: admin({
        id: 'exportEntries',
        does: 'Export the entries of a key for another store',
        path: { key: CacheKey },
        query: AddressQuery.entries,
        answers: {
          200: {
            is: 'The entries that answer, oldest first. Imported in this order, the newest is the newest there too.',
            content: json(PortableEntries),
          },
        },
        failures: KEY_FAILURES,
      }),
    },
    '/admin/api/blobs/{sha256}': {
      put: admin({
        id: 'putBlob',
        does: 'Store an image that an entry to be imported shows',
        more: 'Collection removes the image after an hour if no entry shows it.',
        path: { sha256: Digest },
        body: { 'application/octet-stream': undefined, 'image/*': undefined },
        answers: { 200: { is: 'The image is stored.', content: json(StoredBlob) } },
        failures: {
          400: 'The bytes are no whole image, or are another image.',
          413: 'The image is larger than the server takes (DASHCACHE_MAX_IMAGE).',
        },
      }),
    },
  },
  schemas: { PortableEntry, ImportedEntry },
};
