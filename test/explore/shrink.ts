import { explore } from './explore.ts';
import type { Plan } from './plan.ts';
import type { Assembly } from './world/process.ts';
import type { Ground, Violation } from './world/world.ts';

export interface Shortest {
  readonly plan: Plan;
  readonly violation: Violation;
  readonly trace: readonly string[];
}

/** The schedule without the actions that its failure does not need. */
export async function shrink(ground: Ground, plan: Plan, assemble?: Assembly): Promise<Shortest> {
  const found = await failing(ground, plan, assemble);
  if (found === undefined) throw new Error('the schedule does not fail');
  let shortest = found;
  for (let index = 0; index < shortest.plan.actions.length; ) {
    const actions: Plan['actions'] = shortest.plan.actions.toSpliced(index, 1);
    const shorter = await failing(ground, { ...plan, actions }, assemble);
    // Another promise that breaks on the way is another story.
    if (shorter?.violation.invariant !== shortest.violation.invariant) index += 1;
    else shortest = shorter;
  }
  return shortest;
}

async function failing(ground: Ground, plan: Plan, assemble?: Assembly): Promise<Shortest | undefined> {
  const { violation, trace } = await explore(ground, plan, assemble);
  return violation && { plan, violation, trace };
}
