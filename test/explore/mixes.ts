import type { Mix } from './plan.ts';
import { RECIPES } from './world/recipes.ts';

/** Everything that the contract speaks of. */
export const FULL: Mix = {
  actions: {
    ...{ ask: 40, leave: 3, poll: 8, cancel: 4, purge: 2, verify: 1, import: 2, round: 4, crash: 3 },
    ...{ trouble: 3, send: 10, 'answer-polls': 4, away: 3, wait: 6 },
  },
  wishes: {
    ...{ plain: 60, 'no-cache': 6, 'no-store': 4, 'only-if-cached': 6, 'max-age': 4 },
    ...{ 'take-1': 5, 'take-2': 6 },
  },
  sends: {
    ...{ throttled: 6, failed: 6, overloaded: 4, refused: 4, 'no-image': 3, unsent: 4, lost: 5 },
    ...{ 'lost-undrawn': 3, 'gateway-timeout': 4, 'timeout-code': 3, 'cut-502': 3, 'cut-503': 3 },
    ...{ silent: 2, odd: 4, fewer: 4, gone: 3 },
  },
  polls: { unknown: 4, throttled: 3, failed: 3, forbidden: 1, lost: 3 },
  troubles: { full: 3, failing: 3, away: 2 },
  isSlow: true,
  recipes: RECIPES,
};

/** Nothing fails and nothing is slow: only what clients and operators do by turns. */
export const CALM: Mix = {
  ...FULL,
  actions: { ask: 40, leave: 3, poll: 8, purge: 2, round: 4, wait: 6 },
  wishes: { plain: 60, 'no-cache': 6, 'only-if-cached': 6 },
  isSlow: false,
  recipes: RECIPES.filter(({ name }) => name !== 'twin'),
};

/** By the name that `--mix` takes. */
export const MIXES: Readonly<Record<string, Mix>> = { full: FULL, calm: CALM };
