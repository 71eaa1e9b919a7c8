import * as v from 'valibot';
import { anyJson, closed, means, type Read, whole } from '../../core/schema.ts';
import { CacheKey, Cost, Count, Time } from '../doors/common-schemas.ts';

/** What would become of a request. */
export const Explanation = closed({
  dialect: v.picklist(['dashscope', 'image.generate', 'openai']),
  model: v.string(),
  key: means('Null where nothing is cached.', v.nullable(CacheKey)),
  scope: means('Whose entries were looked at.', v.string()),
  canonical: v.pipe(
    anyJson,
    v.metadata({
      type: ['object', 'null'],
      description: 'Everything that is in the key, in its one spelling.',
    }),
  ),
  excluded: means(
    'What was sent, but is not in the key.',
    v.array(closed({ field: v.string(), reason: v.string() })),
  ),
  result: means(
    '`hit`: a stored entry is given. `miss`: the image is bought and stored. `bypass`: the request goes to the vendor whatever is stored. `foreign`: not an image model.',
    v.picklist(['hit', 'miss', 'bypass', 'foreign']),
  ),
  reason: v.string(),
  entry: v.exactOptional(
    means(
      'The stored entry that is given, or would be but for the reason.',
      closed({ id: v.pipe(v.number(), v.integer()), take: whole(1), created_at: Time, hits: Count }),
    ),
  ),
  cost: means(
    'What buying it costs, even where a hit spares it. Null where that is not known.',
    v.nullable(Cost),
  ),
  nearest: means(
    'Other entries of the scope. Those that differ in the fewest fields come first.',
    v.pipe(
      v.array(
        closed({
          key: CacheKey,
          prompt: v.string(),
          created_at: Time,
          differences: v.pipe(
            v.array(
              closed({
                field: v.string(),
                asked: v.pipe(anyJson, v.description('What the request says. Null where it says nothing.')),
                stored: v.pipe(anyJson, v.description('What the entry was drawn from.')),
              }),
            ),
            v.minLength(1),
          ),
        }),
      ),
      v.maxLength(5),
    ),
  ),
});
export type ExplanationBody = Read<typeof Explanation>;

export const ExplainQuery = closed({
  scope: v.optional(
    v.pipe(
      v.string(),
      v.metadata({ pattern: '^[!-~]{1,200}$' }),
      v.description(
        "Whose entries are looked at, as in `token:NAME` or `shared`. Default in `local` mode: the caller's own.",
      ),
    ),
  ),
});
