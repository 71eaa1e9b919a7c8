import { type KnownRecipe, PRICES } from './recipes.ts';

/**
 * Whether the ledger must count a generation:
 *
 * - `open`: it will have to, unless the process dies before its answer is on record;
 * - `counted`: it must, at its price;
 * - `unpriced`: it must, at an unknown price;
 * - `either`: the process died at a moment at which it may have counted it or not;
 * - `unseen`: no answer told of it.
 */
export type Money = 'open' | 'counted' | 'unpriced' | 'either' | 'unseen';

/** One generation that upstream has charged for. */
export interface Draw {
  readonly number: number;
  readonly recipe: KnownRecipe;
  readonly account: string;
  /** Images that it brought. */
  readonly images: number;
  /** Troubles of the stores before it; NaN for what came in the midst of one. */
  readonly troubles: number;
  money: Money;
  /** It is told in a way that nobody can read: whoever counts it knows no price. */
  isOdd: boolean;
  /** Paying for the same again is no fault: it was lost, was not what was asked for, or can't be had any more. */
  isExcused: boolean;
  /** The answer that tells of it has reached the process. */
  isDelivered: boolean;
  /** Its process need not live on for it to be known: it, or the vendor's job, is on record. */
  isRecoverable: boolean;
}

/** What upstream has charged for. */
export class Bill {
  readonly draws: Draw[] = [];
  /** Troubles that the stores have had so far; NaN in the midst of one. */
  troubles: () => number = () => 0;

  charge(recipe: KnownRecipe, account: string, images = recipe.count): Draw {
    const draw: Draw = {
      number: this.draws.length + 1,
      recipe,
      account,
      images,
      troubles: this.troubles(),
      money: 'open',
      isOdd: false,
      isExcused: false,
      isDelivered: false,
      isRecoverable: false,
    };
    this.draws.push(draw);
    return draw;
  }

  /** Nobody will be able to read what is told of it. */
  static odd(draw: Draw): void {
    draw.isOdd = true;
    draw.isExcused = true;
    draw.money = 'unpriced';
  }

  /** Its process died at a moment at which it may have been on record or not. */
  static doubt(draw: Draw): void {
    if (draw.money === 'open' || draw.money === 'unpriced') draw.money = 'either';
    draw.isExcused = true;
  }

  /** Nothing tells of it: whoever asks may pay again. */
  static lose(draw: Draw): void {
    draw.money = 'unseen';
    draw.isExcused = true;
  }
}

/** What a generation costs, in thousandths of a yuan, so that sums stay exact. */
export function costOf({ recipe, images }: Pick<Draw, 'recipe' | 'images'>): number {
  return Math.round((PRICES[recipe.model] ?? 0) * 1000) * images;
}
