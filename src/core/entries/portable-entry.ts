import { type AnswerTemplate, readAnswerFacts, renderAnswer, takeApart } from '../dashscope/answer.ts';
import { isResultField, isWords, urlOf } from '../dashscope/answer-assets.ts';
import { isAppError } from '../errors.ts';
import type { Cost } from '../events.ts';
import { type JsonPath, parseJson } from '../json/json-text.ts';

/** What stands in a carried answer where the result URLs were: the place among the entry's pictures. */
const PLACE = 'image:';

/** One entry on its way from one store to another: all that a hit needs but the bytes of its pictures. */
export interface PortableEntry {
  readonly site: string;
  readonly scope: string;
  readonly key: string;
  readonly take: number;
  readonly canonical: string;
  /** The vendor's answer as `writeAnswer` writes it. */
  readonly answer: string;
  readonly upstreamRequestId: string | undefined;
  readonly cost: Cost | undefined;
  readonly elapsedMs: number | undefined;
  readonly createdAt: number;
  readonly pinned: boolean;
  readonly tags: readonly string[];
  /** In the order of the recipe. */
  readonly references: readonly { readonly field: string; readonly digest: string }[];
  /** In the answer's order; at least one. Their bytes travel by themselves. Upstream's URLs are the account's secret, and dead within a day. */
  readonly images: readonly { readonly digest: string }[];
}

/** The answer as the vendor sent it, with a place in place of each result URL. */
export function writeAnswer(template: AnswerTemplate, requestId: string | undefined): string {
  return renderAnswer(template, (index) => `${PLACE}${index}`, requestId ?? '');
}

/** Takes a carried answer apart; undefined when it is none, or does not show exactly so many pictures. */
export function readCarriedAnswer(
  text: string,
  images: number,
): { readonly template: AnswerTemplate; readonly usage: string | undefined } | undefined {
  try {
    const { usage } = readAnswerFacts(parseJson(text).value);
    const { assets, template } = takeApart(text, (path, value) =>
      isPlace(path, value) ? { url: value } : undefined,
    );
    const isWhole =
      assets.length === images && assets.every((asset, index) => urlOf(asset) === `${PLACE}${index}`);
    return isWhole ? { template, usage } : undefined;
  } catch (error) {
    if (isAppError(error, 'invalid_json')) return undefined;
    throw error;
  }
}

/** Where a picture belongs: any string where the vendor puts results, elsewhere only what is written as a place. */
function isPlace(path: JsonPath, value: string): boolean {
  return value !== '' && (isResultField(path) || (!isWords(path) && /^image:\d+$/.test(value)));
}
