import { listModels } from './models.ts';

/** What is counted together: models and scopes that nobody vouches for. */
export const OTHER = 'other';

/**
 * The name that a model is counted under. Clients choose the names that they send, so only those of the table and those
 * that were `added` are counted by themselves: whoever invents names must not grow what is kept.
 */
export function modelLabels(added: ReadonlySet<string>): (model: string | undefined) => string {
  const listed = new Set(listModels(added));
  return (model) => (model !== undefined && listed.has(model) ? model : OTHER);
}
