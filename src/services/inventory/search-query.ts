import type { EntryFilter } from '../../core/entries/entry-filter.ts';
import { facet, searchPhrases } from '../../core/entries/search-text.ts';

/** The FTS5 query over `entry_search` that a filter comes to; undefined when it names nothing that is indexed there. */
export function searchQuery(filter: EntryFilter): string | undefined {
  // Ages are of the entry's own row; all else is indexed.
  const { q, min_age: _minAge, max_age: _maxAge, ...facets } = filter;
  const terms = Object.entries(facets)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `facets:${facet(name, String(value))}`);
  const all = q === undefined ? terms : [...terms, ...phrasesOf(q)];
  return all.length === 0 ? undefined : all.join(' AND ');
}

/** At least one: what holds no word finds nothing, which an empty phrase does too. */
function phrasesOf(q: string): readonly string[] {
  const phrases = searchPhrases(q);
  return (phrases.length === 0 ? ['""'] : phrases).map((phrase) => `words:${phrase}`);
}
