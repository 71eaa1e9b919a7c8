import { ask } from './api.js';
import { byId } from './dom.js';
import { bytes, counted } from './format.js';

const verify = byId('verify', HTMLButtonElement);
const collect = byId('collect', HTMLButtonElement);
const told = byId('upkeep-status', HTMLElement);

/**
 * What can be done for the store at once, rather than when its time comes.
 * @param {() => Promise<void>} refresh
 */
export function prepareUpkeep(refresh) {
  verify.addEventListener('click', () =>
    run('Reading every image…', refresh, async () => {
      /** @type {{checked: number, damaged: number, healed: number, dropped: number}} */
      const { checked, damaged, healed, dropped } = await ask('verify', { method: 'POST', json: {} });
      return `${counted(checked, 'image')} read; ${damaged} damaged, of which ${healed} are healed and ${dropped} dropped.`;
    }),
  );
  collect.addEventListener('click', () =>
    run('Collecting…', refresh, async () => {
      /** @type {{entries: number, blobs: number, bytes: number}} */
      const gone = await ask('collect', { method: 'POST', json: {} });
      return `${counted(gone.entries, 'entry', 'entries')} with ${counted(gone.blobs, 'image')} gone, ${bytes(gone.bytes)} freed.`;
    }),
  );
}

/**
 * @param {string} begun
 * @param {() => Promise<void>} refresh
 * @param {() => Promise<string>} work
 */
async function run(begun, refresh, work) {
  verify.disabled = true;
  collect.disabled = true;
  told.textContent = begun;
  try {
    told.textContent = await work();
    await refresh();
  } catch (error) {
    told.textContent = error instanceof Error ? error.message : String(error);
  } finally {
    verify.disabled = false;
    collect.disabled = false;
  }
}
