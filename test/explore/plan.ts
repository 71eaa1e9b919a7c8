import { CLIENTS, type ClientName, type Wish } from './clients.ts';
import { Random } from './random.ts';
import type { KnownRecipe } from './world/recipes.ts';
import type { Trouble } from './world/storage.ts';
import type { PollFate, SendFate } from './world/vendor.ts';

/** Something that happens to a running dashcache from outside. */
export type Action =
  | {
      readonly kind: 'ask';
      readonly client: ClientName;
      readonly recipe: string;
      readonly wish: Wish;
      readonly asTask: boolean;
    }
  /** The client of one of the asks that wait hangs up. */
  | { readonly kind: 'leave'; readonly which: number }
  | { readonly kind: 'poll'; readonly which: number }
  | { readonly kind: 'cancel'; readonly which: number }
  | { readonly kind: 'purge'; readonly scope: ClientName }
  | { readonly kind: 'verify' }
  /** An entry comes from another store. */
  | { readonly kind: 'import'; readonly scope: ClientName; readonly recipe: string }
  | { readonly kind: 'round' }
  /** The process dies. With `lastTakesEffect`, one of its calls is done that it hears nothing of. */
  | { readonly kind: 'crash'; readonly lastTakesEffect: boolean }
  | {
      readonly kind: 'trouble';
      readonly of: 'database' | 'blobs';
      readonly trouble: Trouble;
      readonly calls: number;
    }
  | { readonly kind: 'send'; readonly fate: SendFate }
  | { readonly kind: 'answer-polls'; readonly fate: PollFate; readonly times: number }
  /** The host of the images is away for its next requests. */
  | { readonly kind: 'away'; readonly requests: number }
  | { readonly kind: 'wait'; readonly ms: number };

export interface Plan {
  readonly seed: number;
  readonly maxBytes: number | undefined;
  readonly isSlow: boolean;
  readonly actions: readonly Action[];
}

/** What may happen, and how often. */
export interface Mix {
  readonly actions: Readonly<Partial<Record<Action['kind'], number>>>;
  readonly wishes: Readonly<Partial<Record<Wish, number>>>;
  readonly sends: Readonly<Partial<Record<SendFate, number>>>;
  readonly polls: Readonly<Partial<Record<PollFate, number>>>;
  readonly troubles: Readonly<Partial<Record<Trouble, number>>>;
  /** Time may pass while calls are under way: they are slow. */
  readonly isSlow: boolean;
  readonly recipes: readonly KnownRecipe[];
}

/** The schedule of a seed. */
export function planOf(seed: number, mix: Mix, length: number): Plan {
  const random = new Random(seed);
  const actions = Array.from({ length: 3 + random.below(length) }, () => planAction(random, mix));
  const maxBytes = random.chance(0.2) ? 250 + random.below(400) : undefined;
  return { seed, maxBytes, isSlow: mix.isSlow, actions };
}

function planAction(random: Random, mix: Mix): Action {
  const kind = random.weighted(mix.actions);
  switch (kind) {
    case 'ask': {
      const recipe = random.pick(mix.recipes);
      const wish = random.weighted(mix.wishes);
      // The takes of two recipes of one key share their numbers.
      const isTwin = recipe.name === 'kite' || recipe.name === 'twin';
      return {
        ...{ kind, client: random.pick(CLIENTS), recipe: recipe.name },
        wish: isTwin && wish.startsWith('take') ? 'plain' : wish,
        asTask: random.chance(recipe.isAsync ? 0.6 : 0.2),
      };
    }
    case 'leave':
    case 'poll':
    case 'cancel':
      return { kind, which: random.below(1_000) };
    case 'purge':
      return { kind, scope: random.pick(CLIENTS) };
    case 'import': {
      // Its key has to be that of its text.
      const own = mix.recipes.filter(({ name }) => name !== 'twin');
      return { kind, scope: random.pick(CLIENTS), recipe: random.pick(own).name };
    }
    case 'crash':
      return { kind, lastTakesEffect: random.chance(0.5) };
    case 'trouble': {
      const of = random.pick(['database', 'blobs'] as const);
      const trouble = random.weighted(mix.troubles);
      return {
        kind,
        of,
        trouble: of === 'database' && trouble === 'away' ? 'failing' : trouble,
        calls: 1 + random.below(8),
      };
    }
    case 'send':
      return { kind, fate: random.weighted(mix.sends) };
    case 'answer-polls':
      return { kind, fate: random.weighted(mix.polls), times: 1 + random.below(7) };
    case 'away':
      return { kind, requests: 1 + random.below(40) };
    case 'wait':
      return { kind, ms: random.pick([500, 3_000, 20_000, 400_000]) };
    default:
      return { kind };
  }
}
