import { entryPath, thumbnailPath } from './api.js';
import { el, words } from './dom.js';
import { count, counted } from './format.js';

/** More of a prompt is on the entry's page. */
const PROMPT_CHARS = 160;

/**
 * An entry in the gallery.
 * @param {import('./api.js').EntrySummary} entry
 * @param {HTMLInputElement} box that chooses it to be compared
 */
export function card(entry, box) {
  return el(
    'li',
    { class: 'card' },
    el(
      'a',
      { href: entryPath(entry) },
      thumbnail(entry),
      el('span', { class: 'prompt' }, words(entry.prompt === '' ? '(no words)' : entry.prompt, PROMPT_CHARS)),
    ),
    el('p', { class: 'faint' }, summaryLine(entry)),
    entry.tags.length === 0
      ? null
      : el('ul', { class: 'tags' }, ...entry.tags.map((tag) => el('li', {}, words(tag, 40)))),
    el('label', { class: 'choose' }, box, ' Compare'),
  );
}

/**
 * The entry's first image in small. Its words stand beside it.
 * @param {import('./api.js').EntrySummary} entry
 */
export function thumbnail({ images }) {
  const [first] = images;
  const more =
    images.length > 1
      ? el('span', { class: 'badge' }, count(images.length), el('span', { class: 'unseen' }, ' images'))
      : null;
  const image =
    first === undefined
      ? null
      : el('img', {
          src: thumbnailPath(first.sha256),
          alt: '',
          loading: 'lazy',
          decoding: 'async',
          width: first.width,
          height: first.height,
        });
  return el('span', { class: 'thumbnail' }, image, more);
}

/** @param {import('./api.js').EntrySummary} entry */
function summaryLine({ model, size, seed, hits, pinned, take, invalidated_at }) {
  return [
    model,
    size,
    seed === null ? null : `seed ${seed}`,
    take === 1 ? null : `take ${take}`,
    counted(hits, 'hit'),
    pinned ? 'pinned' : null,
    invalidated_at === null ? null : 'invalidated',
  ]
    .filter((part) => part !== null)
    .join('\u00a0· ');
}
