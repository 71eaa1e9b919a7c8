import * as v from 'valibot';
import { MAX_TAKE } from '../../core/cache/directives.ts';
import { means, oneOf, whole } from '../../core/schema.ts';

/** Headers that steer the cache, for whatever draws. */
export const CACHE_REQUEST = {
  'Cache-Control': means(
    '`no-cache` buys a further take. `no-store` neither reads nor stores. `only-if-cached` answers 504 instead of buying. `max-age=N` takes only entries of at most N seconds.',
    v.string(),
  ),
  'X-Dashcache-Take': means(
    'Which take of the image is meant. One that is not stored is bought.',
    whole(1, MAX_TAKE),
  ),
};

/** How an answer came about. */
export const CACHE_RESPONSE = {
  'Cache-Status': means('RFC 9211: `hit`, or `fwd=` with the reason.', v.string()),
  'X-Cache': means('The same in a word.', oneOf(['HIT', 'MISS', 'COALESCED', 'BYPASS'])),
  Age: means('Seconds since a hit was stored.', whole(0)),
};
