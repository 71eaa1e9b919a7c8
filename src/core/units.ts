import { AppError } from './errors.ts';

/** So many within any window. */
export interface Rate {
  readonly count: number;
  readonly windowMs: number;
}

const BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['KIB', 1024],
  ['MIB', 1024 ** 2],
  ['GIB', 1024 ** 3],
  ['TIB', 1024 ** 4],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
  ['TB', 1e12],
]);

const MILLISECONDS: ReadonlyMap<string, number> = new Map([
  ['MS', 1],
  ['S', 1000],
  ['M', 60_000],
  ['H', 3_600_000],
  ['D', 86_400_000],
]);

/** `64 MiB`, `2GB`, `1048576`: a number of bytes. */
export function parseBytes(text: string): number {
  return parseQuantity(text, BYTES, 'a number of bytes such as 64MiB');
}

/** `300s`, `24h`, `30d`, `500ms`: a time in milliseconds. */
export function parseDuration(text: string): number {
  return parseQuantity(text, MILLISECONDS, 'a time such as 30s, 24h or 90d');
}

function parseQuantity(text: string, units: ReadonlyMap<string, number>, wanted: string): number {
  const match = /^(\d+(?:\.\d+)?) ?([A-Za-z]*)$/.exec(text);
  const unit = units.get((match?.[2] ?? '?').toUpperCase());
  const value = Number(match?.[1]) * (unit ?? Number.NaN);
  if (!Number.isSafeInteger(Math.round(value))) throw new AppError('config', `must be ${wanted}`);
  return Math.round(value);
}
