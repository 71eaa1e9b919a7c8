import * as v from 'valibot';
import { jsonObject } from '../../core/schema.ts';
import { ExplainQuery, Explanation } from '../admin/explanation-schema.ts';
import { admin } from './admin-operation.ts';
import { CACHE_REQUEST } from './cache-headers.ts';
import { type ApiPart, json } from './operation.ts';

/** `POST /admin/api/explain`. */
export const EXPLAIN: ApiPart = {
  tag: 'Admin',
  about: 'For whoever may look into the store.',
  paths: {
    '/admin/api/explain': {
      post: admin({
        id: 'explain',
        does: 'Say what would become of a request, and why',
        more: 'Send the body of any request in any dialect, with its own headers. Nothing is bought, counted or stored; only reference images are fetched.',
        query: ExplainQuery.entries,
        headers: CACHE_REQUEST,
        body: json(v.pipe(jsonObject, v.metadata({ type: 'object' }))),
        example: { prompt: 'a paper boat crossing a puddle', size: '1328*1328', seed: 7 },
        answers: { 200: { is: 'The explanation.', content: json(Explanation) } },
        failures: {
          400: 'The request that is asked about would be refused, and so is the question.',
          413: 'The body, with the images it names, is too large.',
          429: 'Too many wrong tokens from this address, or too many bodies at once.',
        },
      }),
    },
  },
  schemas: { Explanation },
};
