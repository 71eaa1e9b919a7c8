import { ask, entryPath } from './api.js';
import { byId, el, factList, jsonBlock, table, words } from './dom.js';
import { counted, moment, money } from './format.js';
import { status, tryTo } from './messages.js';
import { listModelsAndScopes } from './suggestions.js';

/**
 * @typedef {object} Explanation
 * @property {string} dialect
 * @property {string} model
 * @property {string | null} key
 * @property {string} scope
 * @property {unknown} canonical
 * @property {{field: string, reason: string}[]} excluded
 * @property {'hit' | 'miss' | 'bypass' | 'foreign'} result
 * @property {string} reason
 * @property {{id: number, take: number, created_at: string, hits: number}} [entry]
 * @property {import('./api.js').Cost | null} cost
 * @property {Near[]} nearest
 */
/** @typedef {{key: string, prompt: string, created_at: string, differences: {field: string, asked: unknown, stored: unknown}[]}} Near */

/** What each result means. */
const RESULTS = {
  hit: 'A hit: the stored image is given, for free.',
  miss: 'A miss: it is bought and stored.',
  bypass: 'It goes on to the vendor whatever is stored.',
  foreign: 'This is no image model: it passes through.',
};

const form = byId('explain', HTMLFormElement);
const request = byId('request', HTMLTextAreaElement);
const scope = byId('scope', HTMLInputElement);
const directives = byId('directives', HTMLInputElement);
const shown = byId('explanation', HTMLElement);

form.addEventListener('submit', (event) => {
  event.preventDefault();
  shown.hidden = true;
  void tryTo(async () => {
    const named = scope.value.trim();
    const query = named === '' ? '' : `?${new URLSearchParams({ scope: named })}`;
    /** @type {Explanation} */
    const explanation = await ask(`explain${query}`, {
      method: 'POST',
      text: request.value,
      // Said also when it is empty: a browser that was told to reload would send one of its own.
      headers: { 'cache-control': directives.value.trim() },
    });
    shown.replaceChildren(...sections(explanation));
    shown.hidden = false;
    status(`${RESULTS[explanation.result]} ${explanation.reason}`);
  });
});

/**
 * @param {Explanation} explanation
 * @returns {Node[]}
 */
function sections({ result, key, entry, cost, model, dialect, scope: owner, canonical, excluded, nearest }) {
  return [
    el('h2', {}, el('span', { class: `result ${result}` }, result)),
    factList({
      Model: model,
      'Costs when bought': cost === null ? 'unknown' : money(cost),
      Key: key === null ? 'none: it is not cached' : el('code', {}, key),
      Scope: el('code', {}, owner),
      Dialect: dialect,
      Stored: entry === undefined || key === null ? null : stored(entry, key, owner),
    }),
    ...(excluded.length === 0
      ? []
      : [
          table(
            'Sent, but not in the key',
            ['Field', 'Why'],
            excluded.map(({ field, reason }) => [el('code', {}, field), reason]),
          ),
        ]),
    ...(nearest.length === 0
      ? []
      : [
          el('h3', {}, 'Nearest entries'),
          el('ol', { class: 'nearest' }, ...nearest.map((one) => near(one, owner))),
        ]),
    ...(canonical === null ? [] : [jsonBlock('Recipe (canonical form)', canonical)]),
  ];
}

/**
 * @param {NonNullable<Explanation['entry']>} entry
 * @param {string} key
 * @param {string} owner
 */
function stored({ id, take, created_at, hits }, key, owner) {
  const link = el('a', { href: entryPath({ key, scope: owner, id }) }, `take ${take}`);
  return el('span', {}, link, ` since ${moment(created_at)}, ${counted(hits, 'hit')}`);
}

/**
 * @param {Near} entry
 * @param {string} owner
 */
function near({ key, prompt, created_at, differences }, owner) {
  const rows = differences.map(({ field, asked, stored: kept }) => [
    el('code', {}, field),
    value(asked),
    value(kept),
  ]);
  return el(
    'li',
    {},
    el('a', { href: entryPath({ key, scope: owner }) }, words(prompt, 160)),
    el('p', { class: 'faint' }, `Stored ${moment(created_at)}`),
    table('What differs', ['Field', 'Asked', 'Stored'], rows),
  );
}

/** @param {unknown} json */
function value(json) {
  return json === null ? el('span', { class: 'faint' }, 'absent') : words(JSON.stringify(json), 160);
}

void listModelsAndScopes();
