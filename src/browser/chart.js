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
 * @property {Series[]} series at most four
 * @property {(value: number) => string} format
 * @property {(value: number) => string} [tick] beside the scale, where it is shorter than `format`
 * @property {boolean} [isBinary] the scale goes by powers of two
 * @property {number} [most] the top of the scale, where it is fixed
 * @property {boolean} [isLine] else bars, beside each other
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
  const values = series.flatMap((one) => one.values.filter((value) => value !== null));
  const highest = Math.max(0, ...values);
  const top = most ?? (isBinary ? binaryTop(highest) : decimalTop(highest));
  const step = INNER.width / Math.max(1, times.length);
  /** @param {number} value */
  const heightOf = (value) => (value / top) * INNER.height;
  const marks = series.map(({ values: those }, index) =>
    isLine
      ? line(those, index, step, heightOf)
      : bars(those, index, { step, heightOf, among: series.length }),
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
 * @param {(number | null)[]} values
 * @param {number} index
 * @param {{step: number, heightOf: (value: number) => number, among: number}} place
 */
function bars(values, index, { step, heightOf, among }) {
  const width = (step * 0.8) / among;
  const made = values.map((value, at) => {
    const height = heightOf(value ?? 0);
    const x = EDGE.left + at * step + step * 0.1 + index * width;
    return height === 0 ? null : svg('rect', { x, y: EDGE.top + INNER.height - height, width, height });
  });
  return svg('g', { class: `series${index}` }, ...made);
}

/**
 * Breaks where there is no value: nothing is made up in between.
 * @param {(number | null)[]} values
 * @param {number} index
 * @param {number} step
 * @param {(value: number) => number} heightOf
 */
function line(values, index, step, heightOf) {
  let isDrawing = false;
  const path = values.map((value, at) => {
    if (value === null) {
      isDrawing = false;
      return '';
    }
    const point = `${EDGE.left + (at + 0.5) * step} ${EDGE.top + INNER.height - heightOf(value)}`;
    const command = isDrawing ? 'L' : 'M';
    isDrawing = true;
    // A point by itself is a dot, by its round ends.
    return command === 'M' ? `M${point}l0 0` : `L${point}`;
  });
  return svg('path', { class: `line series${index}`, d: path.join('') });
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
