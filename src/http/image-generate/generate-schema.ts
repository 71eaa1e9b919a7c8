import * as v from 'valibot';
import { closed, means, type Read, whole } from '../../core/schema.ts';
import { CacheKey, Cost, Money } from '../doors/common-schemas.ts';
import { Problem } from '../wire/problem-schema.ts';

const Pixels = means('Read from the stored image itself.', v.nullable(whole(1)));
const Url = v.pipe(v.string(), v.url());

/** One image of an answer. */
export const GeneratedImage = means(
  'One image. What only a stored image tells is null where it could not be kept.',
  closed({
    url: Url,
    width: Pixels,
    height: Pixels,
    sha256: v.nullable(v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))),
    media_type: v.nullable(v.pipe(v.string(), v.regex(/^image\//))),
    bytes: v.nullable(whole(1)),
  }),
);

/** The answer of `image.generate`: the required four fields, and what dashcache knows beside them. */
export const GenerateAnswer = closed({
  image_url: means('The first image.', Url),
  width: Pixels,
  height: Pixels,
  seed: means('As asked for: the vendor tells none.', v.nullable(v.pipe(v.number(), v.integer()))),
  images: v.pipe(v.array(GeneratedImage), v.minLength(1)),
  cached: means('Nothing had to be drawn for it.', v.boolean()),
  key: v.exactOptional(means('Only for callers who may look into the store.', v.union([CacheKey]))),
  take: means('Null where nothing was stored.', v.nullable(whole(1))),
  model: v.string(),
  cost: means('What drawing it cost at list price. Null where that is not known.', v.nullable(Cost)),
  spent: means('The part of `cost` that this request paid.', v.nullable(Money)),
  avoided: means('The part of `cost` that it did not have to pay.', v.nullable(Money)),
  request_id: v.string(),
  simplified_prompt: v.exactOptional(
    means('What was drawn instead, since the prompt itself drew nothing.', v.string()),
  ),
});
export type GenerateAnswerBody = Read<typeof GenerateAnswer>;

const TaskId = v.pipe(v.string(), v.uuid());

/** The answer to a request that prefers not to wait. */
export const GenerateTaskAccepted = closed({
  task_id: TaskId,
  status: v.literal('queued'),
  request_id: v.string(),
});
export type GenerateTaskAcceptedBody = Read<typeof GenerateTaskAccepted>;

/** A task of `image.generate`. */
export const GenerateTask = closed({
  task_id: TaskId,
  status: v.picklist(['queued', 'running', 'succeeded', 'failed', 'canceled']),
  result: v.exactOptional(means('Once it has succeeded.', v.union([GenerateAnswer]))),
  error: v.exactOptional(means('Once it has failed.', v.union([Problem]))),
  request_id: v.string(),
});
export type GenerateTaskBody = Read<typeof GenerateTask>;
