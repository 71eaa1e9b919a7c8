import { entryPath } from './api.js';
import { byId, el } from './dom.js';
import { counted } from './format.js';

/** @typedef {import('./api.js').EntryName} EntryName */

/** Two are compared. */
const PAIR = 2;

/** The entries of the gallery that are to be compared; a third takes the place of the first. */
export class Chosen {
  /** The box is that of the card that is shown now, if any is. @type {Map<number, {entry: EntryName, box: HTMLInputElement}>} */
  #entries = new Map();

  constructor() {
    byId('unchoose', HTMLButtonElement).addEventListener('click', () => this.#clear());
  }

  /**
   * The box of an entry's card.
   * @param {EntryName} entry
   */
  boxOf(entry) {
    const box = el('input', {
      type: 'checkbox',
      checked: this.#entries.has(entry.id),
      onchange: () => {
        if (box.checked) this.#add(entry, box);
        else this.#entries.delete(entry.id);
        this.#show();
      },
    });
    if (box.checked) this.#entries.set(entry.id, { entry, box });
    return box;
  }

  /**
   * @param {EntryName} entry
   * @param {HTMLInputElement} box
   */
  #add(entry, box) {
    const [oldest] = this.#entries.values();
    if (oldest !== undefined && this.#entries.size === PAIR) {
      oldest.box.checked = false;
      this.#entries.delete(oldest.entry.id);
    }
    this.#entries.set(entry.id, { entry, box });
  }

  #clear() {
    for (const { box } of this.#entries.values()) box.checked = false;
    this.#entries.clear();
    this.#show();
    byId('q', HTMLInputElement).focus();
  }

  #show() {
    const { size } = this.#entries;
    byId('chosen', HTMLElement).hidden = size === 0;
    byId('chosen-count', HTMLElement).textContent =
      size === PAIR ? 'Two entries chosen.' : `${counted(size, 'entry', 'entries')} chosen; choose another.`;
    const link = byId('compare', HTMLAnchorElement);
    link.hidden = size !== PAIR;
    link.href = comparePath([...this.#entries.values()].map(({ entry }) => entry));
  }
}

/**
 * The page that compares two entries.
 * @param {import('./api.js').EntryName[]} pair
 */
export function comparePath(pair) {
  return `/admin/compare?${new URLSearchParams(pair.map((entry) => ['entry', entryPath(entry)]))}`;
}
