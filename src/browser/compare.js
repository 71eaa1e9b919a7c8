import { ApiError, ask, entryPath, readEntryPath } from './api.js';
import { differencesOf } from './differences.js';
import { byId, el, table } from './dom.js';
import { status, tryTo } from './messages.js';
import { facts, images, prompt } from './take.js';

/** @typedef {import('./api.js').EntryDetail} EntryDetail */

/**
 * @param {string} named the path of its page
 * @returns {Promise<EntryDetail>}
 */
async function find(named) {
  const { path, sight, hash } = readEntryPath(new URL(named, location.origin));
  /** @type {{takes: EntryDetail[]}} */
  const { takes } = await ask(path + sight);
  const take = takes.find(({ id }) => hash === `#entry-${id}`);
  if (take === undefined) throw new ApiError('One of these entries is not stored any more.', 404);
  return take;
}

/**
 * @param {EntryDetail} take
 * @param {string} side
 */
function half(take, side) {
  return el(
    'article',
    { 'aria-label': `Entry ${take.id}, ${side}` },
    el('h2', {}, el('a', { href: entryPath(take) }, `Entry ${take.id}`)),
    images(take),
    prompt(take),
    facts(take),
  );
}

await tryTo(async () => {
  const named = new URLSearchParams(location.search).getAll('entry');
  const [left, right] = await Promise.all(named.map(find));
  if (left === undefined || right === undefined) {
    throw new ApiError('Choose two entries in the gallery to compare them.', 400);
  }
  byId('pair', HTMLElement).replaceChildren(half(left, 'on the left'), half(right, 'on the right'));
  const rows = differencesOf(left.canonical, right.canonical).map(({ field, left: a, right: b }) => [
    field,
    a,
    b,
  ]);
  const section = byId('differences', HTMLElement);
  section.hidden = false;
  section.append(
    rows.length === 0
      ? el('p', {}, 'Nothing: they are takes of one recipe.')
      : table(
          'Differing fields',
          ['Field', `Entry ${left.id}`, `Entry ${right.id}`],
          rows.map(([field, a, b]) => [el('code', {}, field), value(a), value(b)]),
        ),
  );
  status('');
});

/** @param {string | undefined} json */
function value(json) {
  return json === undefined
    ? el('span', { class: 'faint' }, 'absent')
    : el('bdi', { class: 'words', dir: 'auto' }, json);
}
