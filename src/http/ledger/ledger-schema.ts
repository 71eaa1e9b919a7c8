import * as v from 'valibot';
import { closed, means, oneOf, type Read } from '../../core/schema.ts';
import { Cost, Count, Money, Time } from '../doors/common-schemas.ts';

/** A day or a time as RFC 3339 has them; a day begins in UTC. */
const TIME = /^\d{4}-\d\d-\d\d([Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d))?$/;
const BAD_TIME = 'must be a day or a time, as in 2026-01-31 or 2026-01-31T12:00:00Z';

/** The text of a day or a time, in epoch milliseconds. */
const Moment = v.pipe(
  v.string(),
  v.transform((text) => (TIME.test(text) ? Date.parse(text) : Number.NaN)),
  v.number(BAD_TIME),
  v.minValue(0, BAD_TIME),
);

/** A parameter whose text is a day or a time. */
function moment(meaning: string) {
  const anyOf = [
    { type: 'string', format: 'date' },
    { type: 'string', format: 'date-time' },
  ];
  return v.optional(
    v.pipe(Moment, v.metadata({ type: undefined, minimum: undefined, anyOf, description: meaning })),
  );
}

/** A parameter that takes one of these words, without it the first. */
function choice<const W extends readonly [string, ...string[]]>(meaning: string, words: W) {
  return v.optional(means(meaning, oneOf(words)), words[0]);
}

export const LedgerQuery = closed({
  from: moment('Rounded down to the unit. Default: the last day by hours, or the last 30 days by days.'),
  to: moment('Only units that begin before it. Default: now.'),
  by: choice('The unit of time. Days begin in UTC.', ['hour', 'day']),
  group: choice('What else rows are split by.', ['none', 'model', 'scope']),
  format: choice('How the rows are written.', ['json', 'csv']),
});

const Costs = v.pipe(v.array(Cost), v.maxLength(2));

/** A row of the ledger. */
export const LedgerRow = closed({
  at: means('When the unit of time begins.', Time),
  model: v.optional(
    means(
      '`other` for a model that is neither in the table of models nor in `DASHCACHE_MODELS`, and where it is not known.',
      v.string(),
    ),
  ),
  scope: v.optional(means('`other` where nobody vouches for the caller.', v.string())),
  hits: Count,
  misses: Count,
  coalesced: means("Requests that waited for another request's purchase.", Count),
  bypassed: Count,
  errors: means('Requests for images that were answered with a status from 400 on.', Count),
  bytes: means('Of the images stored.', Count),
  spent: means('At list price, by currency.', Costs),
  spent_unpriced: means('Purchases at an unknown price, which is not zero.', Count),
  avoided: means('What hits and coalesced requests did not cost.', Costs),
  avoided_unpriced: means('Those of them at an unknown price.', Count),
  seconds_avoided: means('How long their images took to draw.', Money),
});
export type LedgerRowBody = Read<typeof LedgerRow>;

export const Ledger = closed({ rows: v.pipe(v.array(LedgerRow), v.maxLength(10_000)) });
export type LedgerBody = Read<typeof Ledger>;
