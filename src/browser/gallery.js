import { ask } from './api.js';
import { card } from './card.js';
import { Chosen } from './chosen.js';
import { byId } from './dom.js';
import { counted } from './format.js';
import { status, tryTo } from './messages.js';
import { preparePurge } from './purge.js';
import { listModelsAndScopes } from './suggestions.js';

/** Typing goes on until it stops for this long. */
const PAUSE_MS = 200;

const form = byId('search', HTMLFormElement);
const query = byId('q', HTMLInputElement);
const filters = byId('filters', HTMLDetailsElement);
const cards = byId('cards', HTMLUListElement);
const more = byId('more', HTMLButtonElement);
const chosen = new Chosen();

/** What the cards on the screen were asked for with, and where the next ones begin. */
let listed = new URLSearchParams();
/** @type {string | null} */
let cursor = null;
let asking = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

/** What the form says, as the API names it. */
function asked() {
  const fields = [...new FormData(form)].flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' ? [] : [[name, text]];
  });
  return new URLSearchParams(fields);
}

/** The same, with the last word as the beginning of one while it may not be typed to its end. */
function searched() {
  const wanted = asked();
  if (/[\p{L}\p{N}]{2}$/u.test(query.value)) wanted.set('q', `${wanted.get('q')}*`);
  return wanted;
}

/** The form as the address has it, so that searches can be kept and gone back to. */
function restore() {
  for (const [name, value] of new URLSearchParams(location.search)) {
    const field = form.elements.namedItem(name);
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) continue;
    field.value = value;
    if (filters.contains(field)) filters.open = true;
  }
}

async function search() {
  clearTimeout(pause);
  const address = asked();
  history.replaceState(null, '', address.size === 0 ? location.pathname : `?${address}`);
  await load(searched(), null);
}

/**
 * @param {URLSearchParams} wanted
 * @param {string | null} after null for the first page
 */
async function load(wanted, after) {
  asking.abort();
  asking = new AbortController();
  const page = new URLSearchParams(wanted);
  if (after !== null) page.set('cursor', after);
  await tryTo(async () => {
    /** @type {{entries: import('./api.js').EntrySummary[], next_cursor: string | null}} */
    const { entries, next_cursor } = await ask(`entries?${page}`, { signal: asking.signal });
    if (after === null) cards.replaceChildren();
    const added = entries.map((entry) => card(entry, chosen.boxOf(entry)));
    cards.append(...added);
    listed = wanted;
    cursor = next_cursor;
    more.hidden = cursor === null;
    byId('purge', HTMLButtonElement).hidden = cards.childElementCount === 0;
    status(told());
    if (after !== null) added[0]?.querySelector('a')?.focus();
  });
}

function told() {
  const shown = cards.childElementCount;
  if (shown === 0) return listed.size === 0 ? 'Nothing is stored yet.' : 'Nothing is found.';
  return `${counted(shown, 'entry', 'entries')}${cursor === null ? '' : ', and more'}`;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void search();
});
/** @param {Event} event */
function searchSoon(event) {
  // What Chinese is typed with is no word yet.
  if (event instanceof InputEvent && event.isComposing) return;
  clearTimeout(pause);
  pause = setTimeout(() => void search(), PAUSE_MS);
}
form.addEventListener('input', searchSoon);
form.addEventListener('compositionend', searchSoon);
// What is reset has its new value only afterwards.
form.addEventListener('reset', () => {
  pause = setTimeout(() => void search());
});
more.addEventListener('click', () => void load(listed, cursor));
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  query.focus();
});

preparePurge(() => listed, search);
restore();
void search();
void listModelsAndScopes();
