import type { ReferenceUse } from '../../core/entries/entry.ts';
import type { Attempt } from './attempt.ts';

/** Whose entry it is and what it is of. */
export interface EntryIdentity {
  readonly site: string;
  readonly scope: string;
  readonly key: string;
  readonly canonical: string;
  readonly model: string;
  readonly prompt: string;
  /** The take it was bought as; undefined means the next one. */
  readonly take: number | undefined;
  readonly references: readonly ReferenceUse[];
}

/** What an attempt is for; undefined when it was asked not to be stored. */
export function readIdentity({ recipe }: Pick<Attempt, 'recipe'>): EntryIdentity | undefined {
  if (recipe === undefined) return undefined;
  const identity: EntryIdentity = JSON.parse(recipe);
  return identity;
}
