import { byId } from './dom.js';
import { counted } from './format.js';

/** Two are compared. */
const PAIR = 2;

/** The entries of the gallery that are to be compared; a third takes the place of the first. */
export class Chosen {
  /** @type {Map<number, {key: string, uncheck: () => void}>} */
  #entries = new Map();

  constructor() {
    byId('unchoose', HTMLButtonElement).addEventListener('click', () => this.#clear());
  }

  /** @param {import('./api.js').EntrySummary} entry */
  choiceOf({ id, key }) {
    return {
      isChosen: this.#entries.has(id),
      /** @param {HTMLInputElement} box */
      onChoose: (box) => {
        if (box.checked) this.#add(id, key, box);
        else this.#entries.delete(id);
        this.#show();
      },
    };
  }

  /**
   * @param {number} id
   * @param {string} key
   * @param {HTMLInputElement} box
   */
  #add(id, key, box) {
    const [oldest] = this.#entries;
    if (oldest !== undefined && this.#entries.size === PAIR) {
      oldest[1].uncheck();
      this.#entries.delete(oldest[0]);
    }
    this.#entries.set(id, {
      key,
      uncheck: () => {
        box.checked = false;
      },
    });
  }

  #clear() {
    for (const { uncheck } of this.#entries.values()) uncheck();
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
    link.href = comparePath([...this.#entries].map(([id, { key }]) => ({ id, key })));
  }
}

/**
 * The page that compares two entries.
 * @param {{id: number, key: string}[]} pair
 */
export function comparePath(pair) {
  return `/admin/compare?${new URLSearchParams(pair.map(({ id, key }) => ['entry', `${key}~${id}`]))}`;
}
