import type { Entry } from '../../core/entries/entry.ts';
import type { JsonValue } from '../../core/json/json-value.ts';
import type { ExcludedField } from '../../core/recipe/exclusions.ts';
import type { NearEntry } from '../../services/entries/entry-finder.ts';
import type { Explanation } from '../../services/requests/explainer.ts';
import { isoTime } from './entry-body.ts';
import type { ExplanationBody } from './explanation-schema.ts';

/** An explanation as JSON. `headersLeftOut` are the excluded parts that stand in no body. */
export function explanationBody(
  explanation: Explanation,
  headersLeftOut: readonly ExcludedField[],
): ExplanationBody {
  const { dialect, model, scope, recipe, key, excluded, result, reason, entry, cost, nearest } = explanation;
  const canonical: JsonValue = recipe === undefined ? null : JSON.parse(recipe.canonical);
  return {
    dialect,
    model,
    key: key ?? null,
    scope,
    canonical,
    excluded: [...excluded, ...headersLeftOut].map(({ field, reason: why }) => ({ field, reason: why })),
    result,
    reason,
    ...(entry === undefined ? {} : { entry: entryBody(entry) }),
    cost: cost === undefined ? null : { amount: cost.amount, currency: cost.currency },
    nearest: nearest.map(nearBody),
  };
}

function entryBody({ id, take, createdAt, hits }: Entry): NonNullable<ExplanationBody['entry']> {
  return { id, take, created_at: isoTime(createdAt), hits };
}

function nearBody({ entry, differences }: NearEntry): ExplanationBody['nearest'][number] {
  return {
    key: entry.key,
    prompt: entry.prompt,
    created_at: isoTime(entry.createdAt),
    // Null is absent in every recipe, so it says here too that there is nothing.
    differences: differences.map(({ field, left, right }) => ({
      field,
      asked: left ?? null,
      stored: right ?? null,
    })),
  };
}
