import { ask } from './api.js';
import { card } from './card.js';
import { Chosen } from './chosen.js';
import { byId } from './dom.js';
import { counted } from './format.js';
import { attempt, status } from './messages.js';
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

/** @type {string | null} */
let cursor = null;
let asking = new AbortController();
/** @type {ReturnType<typeof setTimeout> | undefined} */
let pause;

/** What is asked for, as the API names it. */
function asked() {
  const fields = [...new FormData(form)].flatMap(([name, value]) => {
    const text = typeof value === 'string' ? value.trim() : '';
    return text === '' ? [] : [[name, text]];
  });
  return new URLSearchParams(fields);
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
  const wanted = asked();
  history.replaceState(null, '', wanted.size === 0 ? location.pathname : `?${wanted}`);
  cursor = null;
  await load(wanted, true);
}

/**
 * @param {URLSearchParams} wanted
 * @param {boolean} isNew
 */
async function load(wanted, isNew) {
  asking.abort();
  asking = new AbortController();
  const page = new URLSearchParams(wanted);
  if (cursor !== null) page.set('cursor', cursor);
  await attempt(async () => {
    /** @type {{entries: import('./api.js').EntrySummary[], next_cursor: string | null}} */
    const { entries, next_cursor } = await ask(`entries?${page}`, { signal: asking.signal });
    if (isNew) cards.replaceChildren();
    const added = entries.map((entry) => card(entry, chosen.choiceOf(entry)));
    cards.append(...added);
    cursor = next_cursor;
    more.hidden = cursor === null;
    byId('purge', HTMLButtonElement).hidden = cards.childElementCount === 0;
    status(told());
    if (!isNew) added[0]?.querySelector('a')?.focus();
  });
}

function told() {
  const shown = cards.childElementCount;
  if (shown === 0) return asked().size === 0 ? 'Nothing is stored yet.' : 'Nothing is found.';
  return `${counted(shown, 'entry', 'entries')}${cursor === null ? '' : ', and more'}`;
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void search();
});
form.addEventListener('input', () => {
  clearTimeout(pause);
  pause = setTimeout(() => void search(), PAUSE_MS);
});
// What is reset has its new value only afterwards.
form.addEventListener('reset', () => {
  pause = setTimeout(() => void search());
});
more.addEventListener('click', () => void load(asked(), false));
document.addEventListener('keydown', (event) => {
  const isTyping = event.target instanceof HTMLElement && event.target.matches('input, textarea, select');
  if (event.key !== '/' || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  query.focus();
});

preparePurge(asked, search);
restore();
void search();
void listModelsAndScopes();
