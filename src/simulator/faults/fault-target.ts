/**
 * What a request asks for, as faults and counters tell requests apart. `other` is whatever a proxy would pass through.
 * Some names are part of a broader one: see `reaches`.
 */
export const targets = [
  'generation',
  'submit',
  'image',
  'tasks',
  'poll',
  'cancel',
  'list',
  'policy',
  'upload',
  'other',
] as const;
export type FaultTarget = (typeof targets)[number];

const broader: Readonly<Partial<Record<FaultTarget, FaultTarget>>> = {
  submit: 'generation',
  poll: 'tasks',
  cancel: 'tasks',
  list: 'tasks',
  policy: 'other',
};

/** The names that a request to `target` goes by: its own and the broader one that includes it. */
export function namesOf(target: FaultTarget): readonly FaultTarget[] {
  const wider = broader[target];
  return wider ? [target, wider] : [target];
}

/** True when what is said of `name` holds for a request to `target`: of all tasks for a poll, say. */
export function reaches(name: FaultTarget, target: FaultTarget): boolean {
  return namesOf(target).includes(name);
}
