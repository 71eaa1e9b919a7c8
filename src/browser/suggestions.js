import { ask } from './api.js';
import { byId, el } from './dom.js';

/** Offers the models and scopes that there are, where the page has fields for them. Without them typing does. */
export async function listModelsAndScopes() {
  /** @type {{models: {model: string}[], scopes: {scope: string}[]}} */
  const { models, scopes } = await ask('stats').catch(() => ({ models: [], scopes: [] }));
  offer(
    'models',
    models.map(({ model }) => model),
  );
  offer(
    'scopes',
    scopes.map(({ scope }) => scope),
  );
}

/**
 * @param {string} id
 * @param {string[]} values
 */
function offer(id, values) {
  if (document.getElementById(id) === null) return;
  byId(id, HTMLDataListElement).replaceChildren(...values.map((value) => el('option', { value })));
}
