import type { Cost } from './events.ts';

/**
 * What is known of the vendor's image models, from its documentation and published captures (October 2026). Only what
 * some code decides by is here; a model that is missing works all the same.
 */
interface ModelFacts {
  /** List price of one picture: Beijing in CNY, international in USD. Absent where the sources do not agree or say nothing. */
  readonly cny?: number;
  readonly usd?: number;
}

const MODELS: ReadonlyMap<string, ModelFacts> = new Map([
  ['qwen-image-max', { cny: 0.5, usd: 0.075 }],
  ['qwen-image-max-2025-12-30', { cny: 0.5, usd: 0.075 }],
  ['qwen-image-plus', { cny: 0.2, usd: 0.03 }],
  ['qwen-image-plus-2026-01-09', { cny: 0.2, usd: 0.03 }],
  ['qwen-image', { cny: 0.25 }],
  ['qwen-image-2.0-pro', { cny: 0.5, usd: 0.075 }],
  ['qwen-image-2.0', { cny: 0.2, usd: 0.035 }],
  ['qwen-image-edit-max', { usd: 0.075 }],
  ['qwen-image-edit-plus', { usd: 0.03 }],
  ['qwen-image-edit', { cny: 0.3 }],
  ['wan2.7-image-pro', { cny: 0.5, usd: 0.075 }],
  ['wan2.7-image', { cny: 0.2, usd: 0.03 }],
  ['wan2.6-t2i', { usd: 0.03 }],
  // The price doubles with prompt_extend, so it is not one figure.
  ['z-image-turbo', {}],
]);

const IMAGE_MODEL_PREFIXES = ['qwen-image', 'wanx', 'wan', 'z-image'];

/** Whether requests for this model are cached: it is in the table, has a known prefix, or is one of `added`. */
export function isImageModel(model: string, added: ReadonlySet<string>): boolean {
  return (
    MODELS.has(model) || added.has(model) || IMAGE_MODEL_PREFIXES.some((prefix) => model.startsWith(prefix))
  );
}

/**
 * Whether a model of an image family's name draws videos, such as `wan2.5-i2v-preview`, `wanx2.1-vace-plus` or
 * `wan2.2-animate-move`: its requests go by other paths, which pass through here unread.
 */
export function drawsVideo(model: string): boolean {
  return /^wanx?.*(2v|vace|animate|video)/.test(model);
}

/**
 * How many pictures the vendor draws when the request does not say, for the models where every source agrees. A wrong
 * guess would answer a request for four with one, so for all other models `n` stays absent.
 */
export function defaultCount(model: string): number | undefined {
  if (/^(qwen-image|z-image)/.test(model)) return 1;
  if (/^wan2\.[2-6]-t2i/.test(model)) return 4;
  return undefined;
}

/** Sites that charge the Beijing list price; the simulator stands in for one. */
const CNY_SITES: ReadonlySet<string> = new Set(['cn', 'simulator']);
const USD_SITES: ReadonlySet<string> = new Set(['intl', 'us', 'hk', 'eu', 'jp']);

/** What `count` pictures cost at a site's list price; undefined when it is not known, which is not zero. */
export function listPrice(model: string, site: string, count: number): Cost | undefined {
  const facts = MODELS.get(model);
  if (CNY_SITES.has(site)) return priceOf(facts?.cny, count, 'CNY');
  if (USD_SITES.has(site)) return priceOf(facts?.usd, count, 'USD');
  return undefined;
}

function priceOf(each: number | undefined, count: number, currency: Cost['currency']): Cost | undefined {
  // Rounded far below a cent: binary fractions would show their tails in sums.
  return each === undefined ? undefined : { amount: Math.round(each * count * 1e6) / 1e6, currency };
}
