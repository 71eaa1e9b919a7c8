import type { RecipeAddress } from '../../ports/flight-coordinator.ts';

/** The name of the one place in the world where a recipe's flights are. */
export function ownerName({ site, scope, key }: RecipeAddress): string {
  return [site, scope, key].join('\n');
}
