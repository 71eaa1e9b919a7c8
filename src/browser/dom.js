/**
 * Elements made of names, attributes and text. Text never becomes markup: nothing here parses any, and the page's
 * Content-Security-Policy (trusted types) keeps it so.
 */

/** @typedef {Node | string | null | undefined} Child */
/** @typedef {Record<string, string | number | boolean | undefined | ((event: Event) => void)>} Attributes */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * The element of the page with this id, of this kind. A page without it has the wrong script.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} #${id}`);
}

/**
 * An HTML element. A function is a listener by the event's name (`onclick`); true is an attribute without value; false
 * and undefined leave it out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/**
 * The same in SVG.
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[T]}
 */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * @template {Element} T
 * @param {T} element
 * @param {Attributes} attributes
 * @param {Child[]} children
 * @returns {T}
 */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/**
 * Words that somebody else wrote, in whatever script: their direction stays inside them.
 * @param {string} text
 * @param {number} [most] characters that are shown
 */
export function words(text, most = Number.POSITIVE_INFINITY) {
  const shown = text.length > most ? `${text.slice(0, most).replace(/[\ud800-\udbff]$/, '')}…` : text;
  return el('bdi', { class: 'words', dir: 'auto' }, shown);
}

/**
 * A table with a heading for its columns, and one for each row in the first cell.
 * @param {string} caption
 * @param {string[]} columns
 * @param {Child[][]} rows
 */
export function table(caption, columns, rows) {
  const head = el('tr', {}, ...columns.map((name) => el('th', { scope: 'col' }, name)));
  const body = rows.map(([first, ...rest]) =>
    el('tr', {}, el('th', { scope: 'row' }, first), ...rest.map((cell) => el('td', {}, cell))),
  );
  const made = el('table', {}, el('caption', {}, caption), el('thead', {}, head), el('tbody', {}, ...body));
  // It scrolls on narrow screens, by the keyboard too.
  return el('div', { class: 'tablebox', role: 'group', 'aria-label': caption, tabindex: 0 }, made);
}

/**
 * Facts by their names; those that are not known are left out.
 * @param {Record<string, Child>} facts
 */
export function factList(facts) {
  const known = Object.entries(facts).filter(
    ([, value]) => value !== null && value !== undefined && value !== '',
  );
  return el(
    'dl',
    { class: 'facts' },
    ...known.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))),
  );
}

/**
 * A piece of JSON, behind its name.
 * @param {string} name
 * @param {unknown} value
 */
export function jsonBlock(name, value) {
  const text = el(
    'pre',
    { tabindex: 0, role: 'group', 'aria-label': name, dir: 'ltr' },
    JSON.stringify(value, null, 2),
  );
  return el('details', {}, el('summary', {}, name), text);
}
