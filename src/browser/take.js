import { entryPath, imagePath } from './api.js';
import { el, factList, jsonBlock, words } from './dom.js';
import { bytes, count, duration, moment, money } from './format.js';

/** @typedef {import('./api.js').EntryDetail} EntryDetail */

/**
 * All that is known of a take beside its images.
 * @param {EntryDetail} take
 * @returns {Node[]}
 */
export function takeSections(take) {
  return [
    prompt(take),
    facts(take),
    ...lineage(take),
    jsonBlock('Recipe (canonical form)', take.canonical),
    ...(take.usage === null ? [] : [jsonBlock('Usage, as upstream told it', take.usage)]),
  ];
}

/**
 * An entry's images in full, with what they are.
 * @param {import('./api.js').EntrySummary} entry
 */
export function images({ images }) {
  return el('div', { class: 'images' }, ...images.map((image, index) => figure(image, index, images.length)));
}

/**
 * @param {import('./api.js').Image} image
 * @param {number} index
 * @param {number} among
 */
function figure(image, index, among) {
  const path = imagePath(image.sha256);
  const alt = among === 1 ? 'The image' : `Image ${index + 1} of ${among}`;
  return el(
    'figure',
    {},
    el(
      'a',
      { href: path },
      el('img', { src: path, alt, width: image.width, height: image.height, loading: 'lazy' }),
    ),
    el(
      'figcaption',
      { class: 'faint' },
      `${image.width} × ${image.height}, ${image.media_type.replace('image/', '').toUpperCase()}, ${bytes(image.bytes)}`,
      el('br'),
      el('code', { class: 'digest' }, image.sha256),
    ),
  );
}

/**
 * The words, however many they are.
 * @param {import('./api.js').EntrySummary} entry
 */
export function prompt({ prompt: text }) {
  return el(
    'blockquote',
    { class: 'fullprompt', tabindex: 0, role: 'group', 'aria-label': 'Prompt' },
    words(text),
  );
}

/** @param {EntryDetail} take */
export function facts(take) {
  return factList({
    Model: take.model,
    Size: take.size,
    Seed: take.seed === null ? null : String(take.seed),
    Cost: money(take.cost),
    Stored: moment(take.created_at),
    'Last used': moment(take.used_at),
    Invalidated: take.invalidated_at === null ? null : moment(take.invalidated_at),
    Hits: count(take.hits),
    Pinned: take.pinned ? 'yes' : 'no',
    'Drawn in': take.elapsed_ms === null ? null : duration(take.elapsed_ms),
    Scope: el('code', {}, take.scope),
    Site: take.site,
    Key: el('code', {}, take.key),
    'Upstream’s request': take.upstream_request_id === null ? null : el('code', {}, take.upstream_request_id),
  });
}

/**
 * What it was drawn from, and what was drawn from it.
 * @param {EntryDetail} take
 */
function lineage({ references, used_as_reference_by: users }) {
  const sources = references.map(({ field, sha256, known, drawn_by: entries }) => {
    const name = el('code', {}, field);
    const image = known ? el('a', { href: imagePath(sha256) }, 'image') : 'an image that is not stored here';
    const links = entries.flatMap((entry) => [
      ', ',
      el('a', { href: entryPath(entry) }, `drawn by entry ${entry.id}`),
    ]);
    return el('li', {}, name, ': ', image, ...links);
  });
  const edits = users.map((entry) =>
    el('li', {}, el('a', { href: entryPath(entry) }, `Entry ${entry.id}: `, words(entry.prompt, 100))),
  );
  return [
    ...(sources.length === 0 ? [] : [el('h3', {}, 'Drawn from'), el('ul', {}, ...sources)]),
    ...(edits.length === 0 ? [] : [el('h3', {}, 'Used as a reference by'), el('ul', {}, ...edits)]),
  ];
}
