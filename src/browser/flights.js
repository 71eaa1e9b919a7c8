import { ask } from './api.js';
import { byId, el, table } from './dom.js';
import { count, counted, duration, moment } from './format.js';
import { attempt, status } from './messages.js';

/** @typedef {{attempt_id: string, model: string, state: string, stage: string, waiters: number, age_ms: number}} Flight */
/** @typedef {{flights: Flight[], queued: number}} Board */
/** @typedef {{id: string, model: string, scope: string, key: string, error: string | null, created_at: string}} Attempt */

const more = byId('more', HTMLButtonElement);
/** @type {Attempt[]} */
const lost = [];
/** @type {string | null} */
let cursor = null;

/** @param {Board} board */
function show({ flights, queued }) {
  const rows = flights.map((flight) => [
    flight.model,
    flight.stage,
    flight.state,
    count(flight.waiters),
    duration(flight.age_ms),
    el('code', {}, flight.attempt_id),
  ]);
  byId('flights', HTMLElement).replaceChildren(
    rows.length === 0
      ? el('p', {}, 'None.')
      : table('Flights', ['Model', 'Stage', 'Vendor’s state', 'Waiting', 'For', 'Attempt'], rows),
  );
  status(`Live: ${counted(flights.length, 'flight')}, ${count(queued)} waiting for their turn.`);
}

function follow() {
  const events = new EventSource('/admin/api/flights/events');
  events.addEventListener('flights', ({ data }) => show(JSON.parse(data)));
  events.addEventListener('error', () => status('The live view is interrupted; trying again.'));
}

/** The attempts of which nobody knows how they ended. */
async function showLost() {
  const page = new URLSearchParams({ state: 'unknown' });
  if (cursor !== null) page.set('cursor', cursor);
  /** @type {{attempts: Attempt[], next_cursor: string | null}} */
  const { attempts, next_cursor } = await ask(`attempts?${page}`);
  cursor = next_cursor;
  more.hidden = cursor === null;
  lost.push(...attempts);
  const rows = lost.map(({ id, model, scope, error, created_at }) => [
    model,
    moment(created_at),
    error,
    el('code', {}, scope),
    el('code', {}, id),
  ]);
  byId('unknown', HTMLElement).replaceChildren(
    rows.length === 0
      ? el('p', {}, 'None.')
      : table('Unknown outcomes', ['Model', 'Sent', 'Error', 'Scope', 'Attempt'], rows),
  );
}

more.addEventListener('click', () => void attempt(showLost));
follow();
void attempt(showLost);
