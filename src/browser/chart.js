import { el, svg, table } from './dom.js';

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {(number | null)[]} values one for each time; null where there is none
 */
/**
 * @typedef {object} Plot
 * @property {string} title
 * @property {string[]} times for people
 * @property {Series[]} series at most five
 * @property {(value: number) => string} format
 * @property {(value: number) => string} [tick] beside the scale, where it is shorter than `format`
 * @property {boolean} [isBinary] the scale goes by powers of two
 * @property {number} [most] the top of the scale, where it is fixed
 * @property {boolean} [isLine] else bars, on top of each other
 */

const [WIDTH, HEIGHT] = [640, 220];
const EDGE = { top: 12, right: 8, bottom: 28, left: 84 };
const LINES = 4;
const INNER = { width: WIDTH - EDGE.left - EDGE.right, height: HEIGHT - EDGE.top - EDGE.bottom };

/**
 * A plot to look at, and the same as a table to read.
 * @param {Plot} plot
 */
export function chart(plot) {
  const { title, times, series, format } = plot;
  const rows = times.map((time, index) => [
    time,
    ...series.map(({ values }) => shown(values[index], format)),
  ]);
  return el(
    'figure',
    { class: 'chart' },
    el('figcaption', {}, el('h3', {}, title), legend(series)),
    drawing(plot),
    el(
      'details',
      {},
      el('summary', {}, `${title} as a table`),
      table(title, ['Time', ...series.map(({ name }) => name)], rows),
    ),
  );
}

/**
 * @param {number | null | undefined} value
 * @param {(value: number) => string} format
 */
function shown(value, format) {
  return value === null || value === undefined ? '–' : format(value);
}

/** @param {Series[]} series */
function legend(series) {
  if (series.length === 1) return null;
  const items = series.map(({ name }, index) =>
    el('li', {}, el('span', { class: `swatch series${index}` }), name),
  );
  return el('ul', { class: 'legend' }, ...items);
}

/** @param {Plot} plot */
function drawing({ title, times, series, format, tick = format, most, isBinary = false, isLine = false }) {
  const highest = Math.max(0, ...times.map((_, at) => total(series, at)));
  const top = most ?? (isBinary ? binaryTop(highest) : decimalTop(highest));
  const step = INNER.width / Math.max(1, times.length);
  /** @param {number} value */
  const heightOf = (value) => (value / top) * INNER.height;
  const marks = series.map(({ values: those }, index) =>
    isLine
      ? line(those, index, step, heightOf)
      : bars(those, index, { step, heightOf, below: (at) => total(series.slice(0, index), at) }),
  );
  return svg(
    'svg',
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      role: 'img',
      'aria-label': `${title}. The same is in the table below.`,
    },
    ...scale(top, tick),
    ...marks,
    ...ends(times),
  );
}

/**
 * @param {number} top
 * @param {(value: number) => string} format
 */
function scale(top, format) {
  return Array.from({ length: LINES + 1 }, (_, index) => {
    const y = EDGE.top + INNER.height - (index / LINES) * INNER.height;
    return svg(
      'g',
      {},
      svg('line', { class: 'gridline', x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y, y2: y }),
      svg('text', { x: EDGE.left - 8, y: y + 4, 'text-anchor': 'end' }, format((index / LINES) * top)),
    );
  });
}

/** @param {string[]} times */
function ends(times) {
  const y = HEIGHT - 6;
  const [first = ''] = times;
  const last = times.at(-1) ?? '';
  return [
    svg('text', { x: EDGE.left, y }, first),
    times.length < 2 ? null : svg('text', { x: WIDTH - EDGE.right, y, 'text-anchor': 'end' }, last),
  ];
}

/**
 * What series come to at one time.
 * @param {Series[]} series
 * @param {number} at
 */
function total(series, at) {
  return series.reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
}

/**
 * @param {(number | null)[]} values
 * @param {number} index
 * @param {{step: number, heightOf: (value: number) => number, below: (at: number) => number}} place
 */
function bars(values, index, { step, heightOf, below }) {
  const width = step * 0.8;
  const made = values.map((value, at) => {
    const height = heightOf(value ?? 0);
    const x = EDGE.left + at * step + step * 0.1;
    const y = EDGE.top + INNER.height - heightOf(below(at)) - height;
    return height === 0 ? null : svg('rect', { x, y, width, height });
  });
  return svg('g', { class: `series${index}` }, ...made);
}

/**
 * Breaks where there is no value: nothing is made up in between. A value with none beside it is a dot.
 * @param {(number | null)[]} values
 * @param {number} index
 * @param {number} step
 * @param {(value: number) => number} heightOf
 */
function line(values, index, step, heightOf) {
  /** @param {number} at */
  const has = (at) => (values[at] ?? null) !== null;
  const dots = [];
  let path = '';
  for (const [at, value] of values.entries()) {
    if (value === null) continue;
    const x = EDGE.left + (at + 0.5) * step;
    const y = EDGE.top + INNER.height - heightOf(value);
    if (has(at - 1) || has(at + 1)) path += `${has(at - 1) ? 'L' : 'M'}${x} ${y}`;
    else dots.push(svg('circle', { cx: x, cy: y, r: 4 }));
  }
  return svg(
    'g',
    { class: `series${index}` },
    svg('path', { class: `line series${index}`, d: path }),
    ...dots,
  );
}

/**
 * The next of 1, 2, 4, 8 times a power of ten: a quarter of each is a round number too.
 * @param {number} value
 */
function decimalTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 8].find((times) => times * power >= value) ?? 10) * power;
}

/** @param {number} value */
function binaryTop(value) {
  return 2 ** Math.ceil(Math.log2(Math.max(LINES, value)));
}
