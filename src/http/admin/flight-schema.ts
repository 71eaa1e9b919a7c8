import * as v from 'valibot';
import { PURCHASE_STATES } from '../../core/purchases/purchase-state.ts';
import { closed, means, oneOf, type Read } from '../../core/schema.ts';
import { CacheKey, Count, Time } from '../doors/common-schemas.ts';
import { PAGE_FIELDS } from './page-query.ts';

/** What is in the air right now, oldest first. */
export const Flights = closed({
  flights: v.array(
    closed({
      purchase_id: v.string(),
      model: v.string(),
      state: means('`accepted`: the vendor has accepted it as a task.', v.picklist(PURCHASE_STATES)),
      stage: v.nullable(v.picklist(['queued', 'running', 'downloading', 'stored'])),
      waiters: means('Requests and tasks that want its image.', Count),
      age_ms: Count,
    }),
  ),
  queued: means('Purchases that wait for their turn upstream.', Count),
});
export type FlightsBody = Read<typeof Flights>;

/** The record of a purchase. */
export const Purchase = closed({
  id: v.string(),
  site: v.string(),
  scope: v.string(),
  key: CacheKey,
  model: v.string(),
  state: means(
    '`unknown`: the connection ended after sending, so it may have been paid for.',
    v.picklist(PURCHASE_STATES),
  ),
  upstream_task: means("The vendor's task.", v.nullable(v.string())),
  images: means('Images that were paid for; null where nothing was.', v.nullable(Count)),
  cost: means(
    'What was paid, at list price; null where that is nothing or not known.',
    v.nullable(closed({ amount: v.number(), currency: v.picklist(['CNY', 'USD']) })),
  ),
  entry_id: means('The entry that its images were stored as.', v.nullable(v.pipe(v.number(), v.integer()))),
  status: means("Upstream's HTTP status.", v.nullable(v.pipe(v.number(), v.integer()))),
  error: v.nullable(v.string()),
  created_at: Time,
  updated_at: Time,
});
export type PurchaseBody = Read<typeof Purchase>;

/** One page of a list of them. */
export const PurchasePage = closed({
  purchases: v.pipe(v.array(Purchase), v.maxLength(200)),
  next_cursor: means('Null on the last page.', v.nullable(v.string())),
});
export type PurchasePageBody = Read<typeof PurchasePage>;

export const PurchasesQuery = closed({
  state: v.optional(means('Only purchases in this state.', oneOf(PURCHASE_STATES))),
  ...PAGE_FIELDS,
});
