import { ask, readEntryPath } from './api.js';
import { comparePath } from './chosen.js';
import { byId, el } from './dom.js';
import { bytes, counted } from './format.js';
import { status, tryTo } from './messages.js';
import { tagEditor } from './tags.js';
import { images, takeSections } from './take.js';

/** @typedef {import('./api.js').EntryDetail} EntryDetail */

const { path, sight, hash } = readEntryPath(new URL(location.href));
const dialog = byId('delete-dialog', HTMLDialogElement);

/** @type {EntryDetail | undefined} */
let doomed;

async function show() {
  /** @type {{takes: EntryDetail[]}} */
  const { takes } = await ask(path + sight);
  byId('takes', HTMLElement).replaceChildren(...takes.map((take) => article(take, takes)));
  status(takes.length === 1 ? '' : counted(takes.length, 'take'));
}

/**
 * @param {EntryDetail} take
 * @param {EntryDetail[]} all
 */
function article(take, all) {
  const other = all.find(({ id }) => id !== take.id);
  return el(
    'article',
    { id: `entry-${take.id}`, 'aria-labelledby': `title-${take.id}` },
    el('h2', { id: `title-${take.id}` }, `Take ${take.take}`),
    el(
      'div',
      { class: 'take' },
      images(take),
      el(
        'div',
        {},
        ...takeSections(take),
        tagEditor(take.tags, (tags) => change(take, 'tags', 'PUT', { tags }, 'Tags are kept.')),
        actions(take, other),
      ),
    ),
  );
}

/**
 * @param {EntryDetail} take
 * @param {EntryDetail | undefined} other
 */
function actions(take, other) {
  return el(
    'p',
    { class: 'actions' },
    button(take.pinned ? 'Unpin' : 'Pin', () =>
      change(
        take,
        'pin',
        'POST',
        { pinned: !take.pinned },
        take.pinned ? 'May be evicted.' : 'Is never evicted.',
      ),
    ),
    take.invalidated_at === null
      ? button('Invalidate', () =>
          change(take, 'invalidate', 'POST', {}, 'The next request buys a fresh one.'),
        )
      : null,
    other === undefined
      ? null
      : el('a', { class: 'button', href: comparePath([other, take]) }, `Compare with take ${other.take}`),
    button('Delete…', () => askToDelete(take), 'danger'),
  );
}

/**
 * @param {string} name
 * @param {() => void} onclick
 * @param {string} [kind]
 */
function button(name, onclick, kind) {
  return el('button', { type: 'button', class: kind, onclick }, name);
}

/**
 * A take by itself: its number alone says nothing where several scopes and sites hold the key.
 * @param {EntryDetail} take
 */
function only({ take, scope, site }) {
  return new URLSearchParams({ take: String(take), scope, site });
}

/**
 * @param {EntryDetail} take
 * @param {string} what
 * @param {string} method
 * @param {unknown} json
 * @param {string} done
 */
function change(take, what, method, json, done) {
  return tryTo(async () => {
    await ask(`${path}/${what}?${only(take)}`, { method, json });
    await show();
    status(`Take ${take.take}: ${done}`);
    document.getElementById(`entry-${take.id}`)?.querySelector('button')?.focus();
  });
}

/** @param {EntryDetail} take */
function askToDelete(take) {
  doomed = take;
  dialog.returnValue = '';
  dialog.showModal();
}

dialog.addEventListener('close', () => {
  const take = doomed;
  doomed = undefined;
  if (dialog.returnValue !== 'delete' || take === undefined) return;
  void tryTo(async () => {
    /** @type {{entries: number, blobs: number, bytes: number}} */
    const gone = await ask(`${path}?${only(take)}`, { method: 'DELETE' });
    document.getElementById(`entry-${take.id}`)?.remove();
    status(`Take ${take.take} is deleted: ${counted(gone.blobs, 'image')}, ${bytes(gone.bytes)}.`);
    byId('main', HTMLElement).focus();
  });
});

await tryTo(show);
// The address names a take that was not there when the browser looked for it.
document.getElementById(hash.slice(1))?.scrollIntoView();
