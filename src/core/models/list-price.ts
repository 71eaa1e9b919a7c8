import type { Cost } from '../events.ts';
import { isJsonObject, type JsonValue } from '../json/json-value.ts';
import { findModel } from './models.ts';
import type { Price, PricedRegion } from './price.ts';

/** What a price may depend on. */
export interface PriceBasis {
  readonly model: string;
  readonly site: string;
  /** Pictures that were drawn; failures are free. */
  readonly count: number;
  /** The recipe's canonical text. */
  readonly canonical?: string | undefined;
  /** Upstream's `usage` as JSON. */
  readonly usage?: string | undefined;
}

/** Prices of one picture that hold instead of the table's, by `model@site` or, for every site, by `model`. */
export type PriceOverrides = ReadonlyMap<string, Cost>;

const CURRENCIES = { cn: 'CNY', intl: 'USD' } as const;

/** The simulator stands in for Beijing. */
const REGION_OF_SITE: ReadonlyMap<string, PricedRegion> = new Map([
  ['cn', 'cn'],
  ['simulator', 'cn'],
  ['intl', 'intl'],
]);

/** What a purchase costs at the site's list price; undefined when that is not known, which is not zero. */
export function listPrice(purchase: PriceBasis, overrides: PriceOverrides): Cost | undefined {
  const { model, site, count } = purchase;
  const override = overrides.get(`${model}@${site}`) ?? overrides.get(model);
  if (override !== undefined) return costOf(override.amount * count, override.currency);
  const region = REGION_OF_SITE.get(site);
  const price = region === undefined ? undefined : findModel(model)?.prices?.[region];
  if (region === undefined || price === undefined) return undefined;
  const amount = amountOf(price, purchase);
  return amount === undefined ? undefined : costOf(amount, CURRENCIES[region]);
}

function amountOf(price: Price, { count, canonical, usage }: PriceBasis): number | undefined {
  switch (price.by) {
    case 'picture':
      return price.amount * count;
    case 'prompt_extend': {
      const recipe = readObject(canonical);
      if (recipe === undefined) return undefined;
      const extended = isJsonObject(recipe.parameters) && recipe.parameters.prompt_extend === true;
      return (extended ? price.extended : price.plain) * count;
    }
    case 'output_image_type': {
      const { output_image_type: type, input_image_count: references } = readObject(usage) ?? {};
      const each = typeof type === 'string' ? price.amounts.get(type) : undefined;
      if (each === undefined || typeof references !== 'number') return undefined;
      return each * count + price.reference * references;
    }
  }
}

function readObject(text: string | undefined) {
  if (text === undefined) return undefined;
  const value: JsonValue = JSON.parse(text);
  return isJsonObject(value) ? value : undefined;
}

function costOf(amount: number, currency: Cost['currency']): Cost {
  // Rounded far below a cent: binary fractions would show their tails in sums.
  return { amount: Math.round(amount * 1e6) / 1e6, currency };
}
