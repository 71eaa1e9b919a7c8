import type { RecipeAddress } from '../../ports/flight-coordinator.ts';

/** The name of the owner of a recipe's flights: one in the world. */
export function ownerName({ site, scope, key }: RecipeAddress): string {
  return [site, scope, key].join('\n');
}
