/** States in which a purchase goes on. */
export const OPEN_STATES = ['intended', 'sent', 'accepted', 'answered'] as const;

/** States in which a purchase has ended: it does not change any more. */
export const FINAL_STATES = ['stored', 'refused', 'failed', 'withdrawn', 'unknown', 'unstored'] as const;

export const PURCHASE_STATES = [...OPEN_STATES, ...FINAL_STATES] as const;

export type OpenState = (typeof OPEN_STATES)[number];
export type FinalState = (typeof FINAL_STATES)[number];

/**
 * - `intended`: recorded, nothing is on the wire; it waits for its turn.
 * - `sent`: on the wire; it may be drawn.
 * - `accepted`: the vendor has a job, which goes on without us.
 * - `answered`: paid; the vendor's answer is on record, its files are not stored yet.
 * - `stored`: an entry holds the files.
 * - `refused`: upstream said no.
 * - `failed`: it is certain that nothing was bought.
 * - `withdrawn`: nobody wanted it any more before it was drawn.
 * - `unknown`: it may have been bought; it is never sent again.
 * - `unstored`: bought, and nothing could be kept, or nothing was to be.
 */
export type PurchaseState = OpenState | FinalState;

/** Every legal transition. What is not here must not happen. */
const NEXT: Readonly<Record<PurchaseState, readonly PurchaseState[]>> = {
  // `refused` from here: an earlier try was refused for now, and no further turn came.
  intended: ['sent', 'refused', 'failed', 'withdrawn'],
  // Back to `intended`: refused for now, or nothing left this machine; its turn comes again.
  sent: ['intended', 'accepted', 'answered', 'refused', 'failed', 'unknown', 'unstored'],
  accepted: ['answered', 'refused', 'failed', 'withdrawn', 'unknown', 'unstored'],
  answered: ['stored', 'unstored'],
  stored: [],
  refused: [],
  failed: [],
  withdrawn: [],
  unknown: [],
  unstored: [],
};

const FINAL: ReadonlySet<string> = new Set(FINAL_STATES);

/** Whether a purchase may go from one state to another. */
export function mayFollow(from: PurchaseState, to: PurchaseState): boolean {
  return NEXT[from].includes(to);
}

/** Whether a purchase has ended. */
export function isFinal(state: PurchaseState): state is FinalState {
  return FINAL.has(state);
}
