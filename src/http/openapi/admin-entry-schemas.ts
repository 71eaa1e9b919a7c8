import type { JsonObject } from '../../core/json/json-text.ts';
import { closedObject, nullable, schema } from './parts.ts';

const COUNT: JsonObject = { type: 'integer', minimum: 0 };
const TIME: JsonObject = { type: 'string', format: 'date-time' };
const DIGEST: JsonObject = { type: 'string', pattern: '^[0-9a-f]{64}$' };
const ID: JsonObject = { type: 'integer', minimum: 1 };

const SUMMARY: Readonly<Record<string, JsonObject>> = {
  id: { ...ID, description: 'Never used twice; a higher one is newer.' },
  key: schema('CacheKey'),
  site: { type: 'string' },
  scope: { type: 'string' },
  take: { type: 'integer', minimum: 1 },
  model: { type: 'string' },
  prompt: { type: 'string' },
  size: nullable('string', { description: 'What was asked for in pixels, as in `1024*1024`.' }),
  seed: nullable('integer'),
  created_at: TIME,
  used_at: TIME,
  invalidated_at: nullable('string', {
    format: 'date-time',
    description: 'Since when it answers no request.',
  }),
  hits: COUNT,
  pinned: { type: 'boolean', description: 'Never evicted.' },
  tags: { type: 'array', items: { type: 'string' } },
  cost: { anyOf: [schema('Cost'), { type: 'null' }] },
  images: {
    type: 'array',
    minItems: 1,
    items: closedObject({
      sha256: DIGEST,
      url: { type: 'string', format: 'uri' },
      width: COUNT,
      height: COUNT,
      media_type: { type: 'string' },
      bytes: COUNT,
    }),
  },
};

/** What it takes to find an entry. */
const NAME: Readonly<Record<string, JsonObject>> = {
  id: ID,
  key: schema('CacheKey'),
  site: { type: 'string' },
  scope: { type: 'string' },
};

const DETAIL: Readonly<Record<string, JsonObject>> = {
  ...SUMMARY,
  canonical: { type: 'object', description: 'Everything that is in the key, in its one spelling.' },
  usage: nullable('object', { description: "The vendor's account of it." }),
  upstream_request_id: nullable('string'),
  elapsed_ms: nullable('integer', { description: 'How long upstream took.' }),
  references: {
    description: 'The pictures that it was drawn from.',
    type: 'array',
    items: closedObject({
      position: COUNT,
      field: { type: 'string' },
      sha256: DIGEST,
      known: { type: 'boolean', description: 'It is stored as the picture of an entry.' },
      drawn_by: {
        description: 'The newest entries that show it.',
        type: 'array',
        items: closedObject(NAME),
      },
    }),
  },
  used_as_reference_by: {
    description: 'The newest entries that were drawn from a picture of it.',
    type: 'array',
    items: closedObject({ ...NAME, prompt: { type: 'string' } }),
  },
};

/** Entries as the admin interface tells and takes them. */
export const ADMIN_ENTRY_SCHEMAS: Readonly<Record<string, JsonObject>> = {
  EntrySummary: closedObject(SUMMARY),
  EntryDetail: closedObject(DETAIL),
  Removed: closedObject({
    entries: COUNT,
    blobs: { ...COUNT, description: 'Pictures that no other entry shows.' },
    bytes: COUNT,
  }),
  ChangedEntries: closedObject({ entries: { ...COUNT, description: 'How many it was done to.' } }),
};
