/** Numbers and times for people, in the browser's language. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const NUMBER = new Intl.NumberFormat();
const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** @param {number} value */
export function count(value) {
  return NUMBER.format(value);
}

/**
 * A number with its noun in the right number.
 * @param {number} value
 * @param {string} one
 * @param {string} [many]
 */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** @param {number} value */
export function bytes(value) {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  const scaled = value / 1024 ** power;
  return `${NUMBER.format(Number(scaled.toFixed(scaled < 10 && power > 0 ? 1 : 0)))}\u00a0${UNITS[power]}`;
}

/** @param {import('./api.js').Cost | null} cost */
export function money(cost) {
  if (cost === null) return 'unknown';
  // Prices of an image have up to four decimals; sums look better with two.
  const digits = cost.amount < 1 ? 4 : 2;
  return `${cost.amount.toLocaleString(undefined, { minimumFractionDigits: 2, maximumFractionDigits: digits })} ${cost.currency}`;
}

/** @param {string} iso */
export function moment(iso) {
  return TIME.format(new Date(iso));
}

/** @param {number} ms */
export function duration(ms) {
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)}\u00a0s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
