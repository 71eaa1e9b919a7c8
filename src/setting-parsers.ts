import type { SeedlessPolicy } from './core/cache/seedless.ts';
import { AppError } from './core/errors.ts';
import type { Cost } from './core/events.ts';
import type { PriceOverrides } from './core/models/list-price.ts';
import { parseDuration, type Rate } from './core/units.ts';

/** A limit per model, with one for all others. */
export type PerModel<T = number> = (model: string) => T;

const CURRENCIES = ['CNY', 'USD'] as const;

function fail(message: string): never {
  throw new AppError('config', message);
}

export function nonEmpty(text: string): string {
  return text === '' ? fail('must not be empty') : text;
}

export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= least && value <= most ? value : fail(`must be a whole number from ${least} to ${most}`);
  };
}

/** A time to wait. A timer of more than 2^31-1 ms would fire at once, so it is refused. */
export function timer(text: string): number {
  const ms = parseDuration(text);
  return ms <= 2 ** 31 - 1 ? ms : fail('must be 24 days or less');
}

export function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => choices.find((choice) => choice === text) ?? fail(`must be one of ${choices.join(', ')}`);
}

export function list(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

export function httpUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    return fail('must be an http(s) URL, such as http://127.0.0.1:8787');
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '')
    return fail('must be a plain URL without query or credentials');
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

/** Drops `/api/v1` at the end: the paths bring it along. */
export function upstreamUrl(text: string): string {
  return httpUrl(text).replace(/\/api\/v1$/, '');
}

export function tokens(text: string): ReadonlyMap<string, string> {
  const nameOf = new Map<string, string>();
  for (const [index, pair] of list(text).entries()) {
    const [, name, token] = /^([A-Za-z0-9._-]+):(\S+)$/.exec(pair) ?? [];
    // Never the pair itself: it may hold a secret.
    if (name === undefined || token === undefined)
      return fail(`must be name:token pairs; pair ${index + 1} is not`);
    if (token.length < 16)
      return fail(`must hold tokens of 16 characters or more; the one of ${name} is shorter`);
    if (nameOf.has(token)) return fail(`must hold a token only once; the one of ${name} is there twice`);
    nameOf.set(token, name);
  }
  return nameOf;
}

/** A token that cannot be guessed and fits into a header. */
export function secretToken(text: string): string {
  return /^[\x21-\x7e]{16,512}$/.test(text)
    ? text
    : fail('must be 16 to 512 printable ASCII characters without spaces');
}

export function prefixes(text: string): readonly string[] | 'all' {
  if (text === 'all') return 'all';
  if (text === 'none') return [];
  return list(text).map((prefix) =>
    prefix.startsWith('/') ? prefix : fail(`must be paths that begin with /; ${prefix} does not`),
  );
}

export function prices(text: string): PriceOverrides {
  const priceOf = new Map<string, Cost>();
  for (const item of list(text)) {
    const [, name, amount, code] =
      /^([^=@\s]+(?:@[^=@\s]+)?)=(\d{1,6}(?:\.\d{1,6})?) (CNY|USD)$/.exec(item) ?? [];
    const currency = CURRENCIES.find((known) => known === code);
    if (name === undefined || currency === undefined)
      return fail(`must be model=AMOUNT CNY or USD, or model@site=…; ${item} is not`);
    if (priceOf.has(name)) return fail(`must hold a price only once; the one of ${name} is there twice`);
    priceOf.set(name, { amount: Number(amount), currency });
  }
  return priceOf;
}

export function seedless(text: string): SeedlessPolicy {
  if (text === 'reuse' || text === 'fresh') return text;
  const takes = Number(/^takes:(\d{1,4})$/.exec(text)?.[1]);
  return takes >= 1 && takes <= 1000
    ? { takes }
    : fail('must be reuse, fresh or takes:N with N from 1 to 1000');
}

/** `N`, or `model=N,…,*=N`. */
export function perModel(text: string): PerModel {
  return eachModel(text, 'N', (limit) => (/^\d{1,6}$/.test(limit) ? Number(limit) || undefined : undefined));
}

/** As `perModel`, each a rate: `N` or `N/min` within any minute, `N/s` within any second. */
export function ratePerModel(text: string): PerModel<Rate> {
  return eachModel(text, 'N, N/min, N/s', (rate) => {
    const [, count, unit] = /^(\d{1,6})(?:\/(s|min))?$/.exec(rate) ?? [];
    const windowMs = unit === 's' ? 1_000 : 60_000;
    return Number(count) >= 1 ? { count: Number(count), windowMs } : undefined;
  });
}

function eachModel<T>(text: string, form: string, parse: (limit: string) => T | undefined): PerModel<T> {
  const limits = new Map<string, T>();
  for (const item of list(text)) {
    const [, model = '*', rest = ''] = /^(?:([^=\s]+)=)?(\S+)$/.exec(item) ?? [];
    const limit = parse(rest) ?? fail(`must be ${form} or model=N,…, each 1 or more`);
    limits.set(model, limit);
  }
  const others = limits.get('*') ?? fail('must say what holds for all other models: *=N');
  return (model) => limits.get(model) ?? others;
}
