import { Removed } from '../admin/entry-schema.ts';
import { Purge, PurgeRequest, Statistics, Verification } from '../admin/store-schema.ts';
import { admin, jsonOrEvents } from './admin-operation.ts';
import { type ApiPart, json, type Operation } from './operation.ts';

/** Long work that tells how far it is. */
function work(id: string, does: string, result: typeof Verification | typeof Removed): Operation {
  const told = '`progress` with the counts so far, then `done` or `error`.';
  return admin({
    id,
    does,
    more: 'The work goes on when the caller leaves.',
    answers: { 200: { is: 'The result.', content: jsonOrEvents(result, told) } },
  });
}

/** The store as a whole. */
export const ADMIN_STORE: ApiPart = {
  tag: 'Admin: store',
  about: 'How much is stored, and what cleans it.',
  paths: {
    '/admin/api/stats': {
      get: admin({
        id: 'readStatistics',
        does: 'Count what is stored, by model and by scope',
        answers: { 200: { is: 'The sums.', content: json(Statistics) } },
      }),
    },
    '/admin/api/purge': {
      post: admin({
        id: 'purge',
        does: 'Delete every entry that a filter fits, pinned ones too',
        body: json(PurgeRequest),
        example: { filter: { min_age: '30d', pinned: false }, dry_run: true },
        answers: { 200: { is: 'What was deleted, or would be.', content: json(Purge) } },
        failures: { 400: 'A field is malformed or not known, or there is neither a filter nor `all`.' },
      }),
    },
    '/admin/api/verify': {
      post: work('verify', 'Read every stored image and mend what is damaged', Verification),
    },
    '/admin/api/collect': { post: work('collect', 'Bring the store within its bounds now', Removed) },
  },
  schemas: { Statistics, PurgeRequest, Purge, Verification },
};
