import * as v from 'valibot';
import { closed, means, oneOf, type Read } from '../../core/schema.ts';
import { ATTEMPT_STATES } from '../../services/attempts/attempt.ts';
import { CacheKey, Count, Time } from '../doors/common-schemas.ts';
import { PAGE_FIELDS } from './page-query.ts';

/** What is in the air right now, oldest first. */
export const Flights = closed({
  flights: v.array(
    closed({
      attempt_id: v.string(),
      model: v.string(),
      state: means('`submitted`: the vendor has accepted it as a task.', v.picklist(['open', 'submitted'])),
      stage: v.nullable(v.picklist(['queued', 'running', 'downloading', 'stored'])),
      waiters: means('Requests and tasks that want its image.', Count),
      age_ms: Count,
    }),
  ),
  queued: means('Purchases that wait for their turn upstream.', Count),
});
export type FlightsBody = Read<typeof Flights>;

/** The record of a purchase. */
export const Attempt = closed({
  id: v.string(),
  site: v.string(),
  scope: v.string(),
  key: CacheKey,
  model: v.string(),
  state: means(
    '`unknown`: the connection ended after sending, so it may have been paid for.',
    v.picklist(ATTEMPT_STATES),
  ),
  upstream_task: v.nullable(v.string()),
  entry_id: means('The entry that its images were stored as.', v.nullable(v.pipe(v.number(), v.integer()))),
  status: means("Upstream's HTTP status.", v.nullable(v.pipe(v.number(), v.integer()))),
  error: v.nullable(v.string()),
  created_at: Time,
  updated_at: Time,
});
export type AttemptBody = Read<typeof Attempt>;

/** One page of a list of them. */
export const AttemptPage = closed({
  attempts: v.pipe(v.array(Attempt), v.maxLength(200)),
  next_cursor: means('Null on the last page.', v.nullable(v.string())),
});
export type AttemptPageBody = Read<typeof AttemptPage>;

export const AttemptsQuery = closed({
  state: v.optional(means('Only attempts in this state.', oneOf(ATTEMPT_STATES))),
  ...PAGE_FIELDS,
});
