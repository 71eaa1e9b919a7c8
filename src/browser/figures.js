import { ask } from './api.js';
import { chart } from './chart.js';
import { byId, el, table } from './dom.js';
import { bytes, count, counted, money } from './format.js';
import { failed, status, tryTo } from './messages.js';
import { prepareUpkeep } from './upkeep.js';

/** @typedef {import('./api.js').Cost} Cost */
/**
 * @typedef {object} LedgerRow
 * @property {string} at
 * @property {number} hits
 * @property {number} misses
 * @property {number} coalesced
 * @property {number} bypassed
 * @property {number} errors
 * @property {number} bytes
 * @property {Cost[]} spent
 * @property {Cost[]} avoided
 * @property {number} spent_unpriced
 * @property {number} avoided_unpriced
 */
/**
 * @typedef {object} Stats
 * @property {number} entries
 * @property {number} blobs
 * @property {number} bytes
 * @property {{model: string, entries: number, bytes: number, hits: number}[]} models
 * @property {{currency: string, spent: number, avoided: number}[]} cost
 */

const HOUR_MS = 60 * 60 * 1000;
const span = byId('span', HTMLSelectElement);

async function showTotals() {
  /** @type {Stats} */
  const stats = await ask('stats');
  const tiles = [
    tile('Entries', count(stats.entries)),
    tile('Images', count(stats.blobs)),
    tile('Bytes', bytes(stats.bytes)),
    ...stats.cost.flatMap(({ currency, spent, avoided }) => [
      tile('Spent', money({ amount: spent, currency })),
      tile('Avoided', money({ amount: avoided, currency })),
    ]),
  ];
  byId('totals', HTMLElement).replaceChildren(...tiles);
  const rows = stats.models.map((model) => [
    model.model,
    count(model.entries),
    bytes(model.bytes),
    count(model.hits),
  ]);
  byId('models', HTMLElement).replaceChildren(
    rows.length === 0
      ? el('p', {}, 'Nothing yet.')
      : table('By model', ['Model', 'Entries', 'Bytes', 'Hits'], rows),
  );
}

/**
 * @param {string} name
 * @param {string} value
 */
function tile(name, value) {
  return el('p', { class: 'tile' }, el('span', { class: 'faint' }, name), el('strong', {}, value));
}

async function showLedger() {
  const chosen = span.value;
  const [days, by = 'day'] = chosen.split(':');
  const stepMs = by === 'hour' ? HOUR_MS : 24 * HOUR_MS;
  const slots = (Number(days) * 24 * HOUR_MS) / stepMs;
  const last = Math.floor(Date.now() / stepMs) * stepMs;
  const times = Array.from({ length: slots }, (_, index) => last - (slots - 1 - index) * stepMs);
  const from = new Date(times[0] ?? last).toISOString();
  /** @type {{rows: LedgerRow[]}} */
  const { rows } = await ask(`ledger?${new URLSearchParams({ from, by, group: 'none' })}`);
  // Another period was chosen meanwhile, and its figures may be there already.
  if (chosen !== span.value) return;
  const byTime = new Map(rows.map((row) => [Date.parse(row.at), row]));
  const known = times.map((time) => byTime.get(time));
  const names = times.map((time) => slotName(time, by));
  byId('charts', HTMLElement).replaceChildren(...plots(known, names).map(chart));
  byId('unpriced', HTMLElement).textContent = unpriced(rows);
  status(rows.length === 0 ? 'Nothing was asked for in this time.' : '');
}

/**
 * What the sums of money are short of: no price is not the price of nothing.
 * @param {LedgerRow[]} rows
 */
function unpriced(rows) {
  const spent = rows.reduce((sum, row) => sum + row.spent_unpriced, 0);
  const avoided = rows.reduce((sum, row) => sum + row.avoided_unpriced, 0);
  if (spent + avoided === 0) return '';
  return `Without a known price, and in none of these sums: ${counted(spent, 'purchase')}, and ${count(avoided)} that were avoided.`;
}

/**
 * @param {(LedgerRow | undefined)[]} rows
 * @param {string[]} times
 * @returns {import('./chart.js').Plot[]}
 */
function plots(rows, times) {
  const currencies = new Set(
    rows.flatMap((row) => [...(row?.spent ?? []), ...(row?.avoided ?? [])]).map(({ currency }) => currency),
  );
  return [
    {
      title: 'Hit rate',
      times,
      series: [{ name: 'Hit rate', values: rows.map(hitRate) }],
      format: percent,
      most: 1,
      isLine: true,
    },
    {
      title: 'Requests',
      times,
      series: [
        { name: 'Hits', values: rows.map((row) => row?.hits ?? 0) },
        { name: 'Coalesced', values: rows.map((row) => row?.coalesced ?? 0) },
        { name: 'Misses', values: rows.map((row) => row?.misses ?? 0) },
        { name: 'Bypassed', values: rows.map((row) => row?.bypassed ?? 0) },
        { name: 'Errors', values: rows.map((row) => row?.errors ?? 0) },
      ],
      format: count,
    },
    {
      title: 'Bytes',
      times,
      series: [{ name: 'Bytes', values: rows.map((row) => row?.bytes ?? 0) }],
      format: bytes,
      isBinary: true,
    },
    ...[...currencies].map((currency) => ({
      title: `Money, ${currency}`,
      times,
      series: [
        { name: 'Avoided', values: rows.map((row) => amountIn(row?.avoided, currency)) },
        { name: 'Spent', values: rows.map((row) => amountIn(row?.spent, currency)) },
      ],
      /** @param {number} amount */
      format: (amount) => money({ amount, currency }),
      tick: count,
    })),
  ];
}

/** @param {LedgerRow | undefined} row */
function hitRate(row) {
  if (row === undefined) return null;
  const served = row.hits + row.coalesced;
  return served + row.misses === 0 ? null : served / (served + row.misses);
}

/** @param {number} value */
function percent(value) {
  return `${Math.round(value * 100)} %`;
}

/**
 * @param {Cost[] | undefined} costs
 * @param {string} currency
 */
function amountIn(costs = [], currency) {
  return costs.filter((cost) => cost.currency === currency).reduce((sum, { amount }) => sum + amount, 0);
}

/**
 * Days of the ledger are those of UTC.
 * @param {number} time
 * @param {string} by
 */
function slotName(time, by) {
  const date = new Date(time);
  if (by === 'hour')
    return date.toLocaleString(undefined, {
      day: 'numeric',
      month: 'short',
      hour: '2-digit',
      minute: '2-digit',
    });
  return date.toLocaleDateString(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });
}

span.addEventListener('change', () => void tryTo(showLedger));
prepareUpkeep(showTotals);
await Promise.all([showTotals(), showLedger()]).catch(failed);
