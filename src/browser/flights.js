import { ask } from './api.js';
import { byId, el, table, words } from './dom.js';
import { count, counted, duration, moment } from './format.js';
import { status, tryTo } from './messages.js';

/**
 * @typedef {object} Flight
 * @property {string} purchase_id
 * @property {string} model
 * @property {string} state
 * @property {string | null} stage
 * @property {number} waiters
 * @property {number} age_ms
 */
/** @typedef {{id: string, model: string, scope: string, error: string | null, created_at: string}} Purchase */

const SECOND_MS = 1000;
const AGAIN_MS = 5000;

const more = byId('more', HTMLButtonElement);
/** @type {Purchase[]} */
const lost = [];
/** @type {string | null} */
let cursor = null;
/** What shows how long a flight has been in the air, and since when. @type {{cell: HTMLElement, since: number}[]} */
let ages = [];

/** @param {{flights: Flight[], queued: number}} board */
function show({ flights, queued }) {
  ages = flights.map(({ age_ms: age }) => ({ cell: el('span'), since: performance.now() - age }));
  const rows = flights.map((flight, index) => [
    flight.model,
    flight.stage ?? 'beginning',
    flight.state,
    count(flight.waiters),
    ages[index]?.cell,
    el('code', {}, flight.purchase_id),
  ]);
  const columns = ['Model', 'Stage', 'Purchase is', 'Waiting', 'For', 'Purchase'];
  byId('flights', HTMLElement).replaceChildren(
    rows.length === 0 ? el('p', {}, 'None.') : table('Flights', columns, rows),
  );
  showAges();
  status(`Live: ${counted(flights.length, 'flight')}, ${count(queued)} waiting for their turn.`);
}

/** The server tells what changes; that time passes is known here. */
function showAges() {
  for (const { cell, since } of ages) cell.textContent = duration(performance.now() - since);
}

function follow() {
  const events = new EventSource('/admin/api/flights/events');
  events.addEventListener('flights', ({ data }) => show(JSON.parse(data)));
  events.addEventListener('error', () => {
    status('The live view is interrupted; trying again.');
    // After an answer that is none, such as 401, the browser does not try again by itself; asking leads to the door.
    if (events.readyState !== EventSource.CLOSED) return;
    void tryTo(() => ask('flights'));
    setTimeout(follow, AGAIN_MS);
  });
}

/** The purchases of which nobody knows how they ended. */
async function showLost() {
  const page = new URLSearchParams({ state: 'unknown' });
  if (cursor !== null) page.set('cursor', cursor);
  /** @type {{purchases: Purchase[], next_cursor: string | null}} */
  const { purchases, next_cursor } = await ask(`purchases?${page}`);
  cursor = next_cursor;
  more.hidden = cursor === null;
  lost.push(...purchases);
  const rows = lost.map(({ id, model, scope, error, created_at }) => [
    model,
    el('time', { datetime: created_at }, moment(created_at)),
    error === null ? null : words(error),
    el('code', {}, scope),
    el('code', {}, id),
  ]);
  const columns = ['Model', 'Sent', 'Error', 'Scope', 'Purchase'];
  byId('unknown', HTMLElement).replaceChildren(
    rows.length === 0 ? el('p', {}, 'None.') : table('Unknown outcomes', columns, rows),
  );
}

more.addEventListener('click', async () => {
  // Twice the same page would be listed twice.
  more.disabled = true;
  await tryTo(showLost);
  more.disabled = false;
});
setInterval(showAges, SECOND_MS);
follow();
void tryTo(showLost);
