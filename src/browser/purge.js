import { ask } from './api.js';
import { byId, el, words } from './dom.js';
import { bytes, counted } from './format.js';
import { status, tryTo } from './messages.js';

/** @typedef {{entries: number, blobs: number, bytes: number, sample: import('./api.js').EntrySummary[]}} Forecast */

/** They say how the list is shown, not what is in it. */
const NO_FILTERS = ['sort', 'cursor', 'limit'];

/**
 * The way to delete all that the gallery has found: a dry run says what that is, and only then it can be done.
 * @param {() => URLSearchParams} listed what the gallery shows was asked for with
 * @param {() => Promise<void>} refresh
 */
export function preparePurge(listed, refresh) {
  const dialog = byId('purge-dialog', HTMLDialogElement);
  const forecast = byId('purge-forecast', HTMLElement);
  const sample = byId('purge-sample', HTMLUListElement);
  const confirm = byId('purge-confirm', HTMLButtonElement);
  let filter = {};

  byId('purge', HTMLButtonElement).addEventListener('click', async () => {
    filter = Object.fromEntries([...listed()].filter(([name]) => !NO_FILTERS.includes(name)));
    confirm.disabled = true;
    confirm.textContent = 'Delete';
    forecast.textContent = 'Looking what that would be…';
    sample.replaceChildren();
    dialog.showModal();
    try {
      const found = await purge(filter, true);
      const everything = Object.keys(filter).length === 0 ? 'This is everything that is stored: ' : '';
      forecast.textContent = `${everything}${told(found)}`;
      sample.replaceChildren(
        ...found.sample.slice(0, 5).map(({ prompt }) => el('li', {}, words(prompt, 100))),
      );
      confirm.textContent = `Delete ${counted(found.entries, 'entry', 'entries')}`;
      confirm.disabled = found.entries === 0;
    } catch (error) {
      forecast.textContent = error instanceof Error ? error.message : String(error);
    }
  });
  confirm.addEventListener('click', () =>
    tryTo(async () => {
      confirm.disabled = true;
      dialog.close();
      const gone = await purge(filter, false);
      await refresh();
      status(`Deleted: ${told(gone)}`);
    }),
  );
}

/**
 * @param {Record<string, string>} filter
 * @param {boolean} dryRun
 * @returns {Promise<Forecast>}
 */
function purge(filter, dryRun) {
  const which = Object.keys(filter).length === 0 ? { all: true } : { filter };
  return ask('purge', { method: 'POST', json: { ...which, dry_run: dryRun } });
}

/** @param {Forecast} forecast */
function told(forecast) {
  const { entries, blobs } = forecast;
  return `${counted(entries, 'entry', 'entries')} with ${counted(blobs, 'image')}, ${bytes(forecast.bytes)}.`;
}
