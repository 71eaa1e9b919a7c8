import { el, words } from './dom.js';

/**
 * An entry's tags, to take away and to add.
 * @param {string[]} tags
 * @param {(tags: string[]) => Promise<void>} keep
 */
export function tagEditor(tags, keep) {
  const field = el('input', {
    name: 'tag',
    autocomplete: 'off',
    'aria-label': 'New tag',
    placeholder: 'new tag',
  });
  const form = el(
    'form',
    {
      class: 'tagform',
      onsubmit: (event) => {
        event.preventDefault();
        const tag = field.value.trim();
        if (tag !== '') void keep([...tags.filter((known) => known !== tag), tag]);
      },
    },
    field,
    el('button', { type: 'submit' }, 'Add tag'),
  );
  const items = tags.map((tag) => {
    const others = tags.filter((known) => known !== tag);
    const remove = el(
      'button',
      { type: 'button', class: 'quiet', onclick: () => void keep(others) },
      '×',
      el('span', { class: 'unseen' }, ' Remove tag ', words(tag)),
    );
    return el('li', {}, words(tag), remove);
  });
  return el('div', { class: 'tagbox' }, el('ul', { class: 'tags', 'aria-label': 'Tags' }, ...items), form);
}
