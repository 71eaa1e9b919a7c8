import { describe, expect, it } from 'vitest';
import { ENTRY_FILTERS, FilterBody } from '../../../src/core/entries/entry-filter.ts';
import { invalid } from '../../../src/core/errors.ts';
import { closed, meaningOf, read } from '../../../src/core/schema.ts';

const Query = closed(ENTRY_FILTERS);

describe('a filter of entries', () => {
  it('is read from the texts of a query', () => {
    const texts = { q: 'fox', size: '1024x1024', seed: '-7', min_age: '2h', pinned: 'false', tag: 'a b' };
    const filter = { q: 'fox', size: '1024*1024', seed: -7, min_age: 7_200_000, pinned: false, tag: 'a b' };
    expect(read(Query, texts, invalid)).toEqual(filter);
  });

  it('is read from a body in which numbers and truth values stand as such, and null is absent', () => {
    const body = { seed: 7, pinned: true, model: null, max_age: '30d' };
    const filter = { seed: 7, pinned: true, max_age: 30 * 86_400_000 };
    expect(read(FilterBody, body, invalid)).toEqual(filter);
    expect(read(FilterBody, { model: null }, invalid)).toEqual({});
  });

  it.each([
    [{ q: Array.from({ length: 101 }, (_, i) => `w${i}`).join(' ') }, 'q', '100 words'],
    [{ q: '狐'.repeat(101) }, 'q', '100 words'],
    [{ tag: 'x'.repeat(1001) }, 'tag', '1000 characters'],
    [{ tag: '' }, 'tag', 'not empty'],
    [{ tag: ['a'] }, 'tag', 'must be a text'],
    [{ seed: '1.5' }, 'seed', 'whole number'],
    [{ max_age: 'soon' }, 'max_age', 'a time such as 30s'],
    [{ pinned: 'maybe' }, 'pinned', 'true, false'],
    [{ modell: 'x' }, 'modell', 'not known; there are q, model'],
  ])('is refused for what is no filter, case %#', (body, field, message) => {
    const refused = expect.objectContaining({ field, message: expect.stringContaining(message) });
    expect(() => read(FilterBody, body, invalid)).toThrow(refused);
  });

  it('says of each field what it means', () => {
    for (const field of Object.values(ENTRY_FILTERS)) expect(meaningOf(field)).toMatch(/^[A-Z].*\.$/);
  });
});
