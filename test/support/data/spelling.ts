import { isJsonArray, isJsonObject, type JsonValue } from '../../../src/core/json/json-value.ts';

/** Numbers from 0 to 1 that depend on the seed alone (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of the many JSON texts of a value: order of names, white space, escapes and numbers as chance has it. */
export function spellJson(value: JsonValue, random: () => number): string {
  const space = () => pick(['', '', ' ', '\n', '\t\r '], random);
  if (isJsonArray(value)) {
    return `[${space()}${value.map((item) => spellJson(item, random)).join(`${space()},${space()}`)}${space()}]`;
  }
  if (isJsonObject(value)) {
    const members = shuffle(Object.entries(value), random).map(
      ([name, member]) => `${spellString(name, random)}${space()}:${space()}${spellJson(member, random)}`,
    );
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
  }
  if (typeof value === 'string') return spellString(value, random);
  if (typeof value === 'number') return spellNumber(value, random);
  return JSON.stringify(value);
}

export function pick<T>(choices: readonly [T, ...T[]], random: () => number): T {
  return choices[Math.floor(random() * choices.length)] ?? choices[0];
}

export function shuffle<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, place: random() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

function spellString(text: string, random: () => number): string {
  const units = text.split('').map((unit) => {
    if (random() < 0.3) return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
    if (unit === '/' && random() < 0.5) return '\\/';
    return unit < ' ' || unit === '"' || unit === '\\' ? JSON.stringify(unit).slice(1, -1) : unit;
  });
  return `"${units.join('')}"`;
}

function spellNumber(value: number, random: () => number): string {
  const plain = JSON.stringify(value);
  if (plain.includes('e')) return pick([plain, plain.replace('e', 'E'), plain.replace(/e\+?/, 'e')], random);
  const fraction = plain.includes('.') ? plain : `${plain}.0`;
  return pick([plain, fraction, `${fraction}00`, `${plain}e0`, `${fraction}E+0`, `${plain}e-0`], random);
}
