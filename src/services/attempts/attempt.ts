export const FINAL_ATTEMPT_STATES = ['stored', 'unstored', 'refused', 'failed', 'unknown'] as const;
export const ATTEMPT_STATES = ['open', 'submitted', 'answered', ...FINAL_ATTEMPT_STATES] as const;

/** What an attempt can end as: it does not change any more. */
export type FinalAttemptState = (typeof FINAL_ATTEMPT_STATES)[number];

/**
 * - `open`: the request is about to be sent, or was.
 * - `submitted`: the vendor has taken it as a task, which goes on without us.
 * - `answered`: upstream answered with success; its images are not stored yet.
 * - `stored`: an entry holds the images.
 * - `unstored`: paid, but the images could not be fetched or stored.
 * - `refused`: upstream answered with an error.
 * - `failed`: it is certain that nothing was bought.
 * - `unknown`: the connection ended after sending; something may have been bought.
 */
export type AttemptState = (typeof ATTEMPT_STATES)[number];

/** The durable record of a flight. */
export interface Attempt {
  readonly id: string;
  readonly site: string;
  readonly scope: string;
  readonly key: string;
  readonly model: string;
  /** Whose limits and whose tasks at the vendor: the fingerprint of a key. */
  readonly account: string;
  /** The vendor's task id, once it has taken one. */
  readonly upstreamTask: string | undefined;
  readonly state: AttemptState;
  /** JSON: what is needed to finish it after a crash. Once it is final, kept only where it ended `unknown`. */
  readonly recipe: string | undefined;
  /** Upstream's answer body, while `answered`. */
  readonly answer: string | undefined;
  /** What its images were stored as, once `stored`. */
  readonly entryId: number | undefined;
  /** Upstream's HTTP status. */
  readonly status: number | undefined;
  readonly error: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export type NewAttempt = Pick<
  Attempt,
  'id' | 'site' | 'scope' | 'key' | 'model' | 'account' | 'recipe' | 'createdAt'
>;

/** How an attempt ended without an entry. */
export interface AttemptEnd {
  readonly state: Exclude<FinalAttemptState, 'stored'>;
  readonly at: number;
  readonly status?: number | undefined;
  /** For people who look at the attempts; no credential. */
  readonly error?: string | undefined;
}
