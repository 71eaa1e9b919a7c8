import * as v from 'valibot';
import { closed, whole } from '../../core/schema.ts';

/** How many, how much, how long. */
export const Count = whole(0);

/** RFC 3339, in UTC. */
export const Time = v.pipe(v.string(), v.isoTimestamp());

/** A text that must be there. */
export function text() {
  const ofType = ({ input }: { readonly input: unknown }) =>
    input === undefined || input === null ? 'is missing' : 'must be a text';
  return v.pipe(v.string(ofType), v.nonEmpty('is missing'));
}

/** SHA-256 of bytes. */
export const Digest = v.pipe(text(), v.regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits'));

export const CacheKey = v.pipe(
  v.string(),
  v.regex(/^k1:[0-9a-f]{32}$/),
  v.description('The hash of everything that can change a pixel.'),
);

export const Currency = v.picklist(['CNY', 'USD']);

/** An amount in whole units of a currency. */
export const Money = v.pipe(v.number(), v.minValue(0));

export const Cost = v.pipe(
  closed({ amount: Money, currency: Currency }),
  v.description("Money at the vendor's list price."),
);
