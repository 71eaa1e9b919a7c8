import { AppError } from '../errors.ts';
import { readJson, stringEnd } from './json-reader.ts';
import { isJsonArray, isJsonObject, type JsonValue } from './json-value.ts';

/** Where a value stands: names and indexes from the root. */
export type JsonPath = readonly (string | number)[];

/** A string value and the place of its token, quotes included, in the text. */
export interface StringToken {
  readonly path: JsonPath;
  readonly start: number;
  readonly end: number;
}

export interface ParsedJson {
  readonly text: string;
  readonly value: JsonValue;
  /** False when a number literal says more than a double holds (`12345678901234567890`, `1e999`). */
  readonly exactNumbers: boolean;
  /** False when one object gives a name twice: readers disagree on which counts. */
  readonly uniqueNames: boolean;
}

export interface JsonLimits {
  readonly maxDepth: number;
  /** Bounds the memory that a small body can make the parser take (`[{},{},{},…]`). */
  readonly maxValues: number;
}

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export const JSON_LIMITS: JsonLimits = { maxDepth: 64, maxValues: 200_000 };

/** Strict UTF-8; `invalid_json` for what is not. A byte order mark stays, and is no JSON. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return STRICT_UTF8.decode(bytes);
  } catch (cause) {
    throw new AppError('invalid_json', 'The body is not valid UTF-8.', { cause });
  }
}

/** Strict JSON; `invalid_json` for what is not, is too deep or too large, or holds half a surrogate pair. */
export function parseJson(text: string, limits: JsonLimits = JSON_LIMITS): ParsedJson {
  // Before JSON.parse, whose memory the depth and the number of values decide.
  const survey = scan(text, limits);
  let value: JsonValue;
  try {
    value = JSON.parse(text);
    if (survey.escapedNames) value = readJson(text);
  } catch (cause) {
    throw new AppError('invalid_json', `The body is not valid JSON: ${reasonOf(cause)}`, { cause });
  }
  if (text.includes('\\u')) rejectLoneSurrogates(value, []);
  return { text, value, exactNumbers: survey.exactNumbers, uniqueNames: survey.uniqueNames };
}

/** The string tokens of a valid JSON text whose path is wanted. */
export function findStrings(text: string, wanted: (path: JsonPath) => boolean): StringToken[] {
  const found: StringToken[] = [];
  const unlimited = { maxDepth: Number.POSITIVE_INFINITY, maxValues: Number.POSITIVE_INFINITY };
  scan(text, unlimited, (start, end, path) => {
    if (wanted(path)) found.push({ path, start, end });
  });
  return found;
}

/** The text with some tokens replaced; `edits` in the order of the text. */
export function replaceTokens(
  text: string,
  edits: readonly { readonly start: number; readonly end: number; readonly replacement: string }[],
): string {
  const parts: string[] = [];
  let at = 0;
  for (const { start, end, replacement } of edits) {
    parts.push(text.slice(at, start), replacement);
    at = end;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** `input.messages[0].content[1].image`. No two paths have one text: a name that could be misread is quoted, `a["b.c"]`. */
export function formatPath(path: JsonPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[^.[\]"]+$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function rejectLoneSurrogates(value: JsonValue, path: JsonPath): void {
  if (typeof value === 'string') {
    if (value.isWellFormed()) return;
    const field = formatPath(path);
    throw new AppError('invalid_json', `${field} holds half a surrogate pair, which is no text.`, { field });
  }
  if (isJsonArray(value)) {
    value.forEach((item, index) => {
      rejectLoneSurrogates(item, [...path, index]);
    });
  } else if (isJsonObject(value)) {
    for (const [name, member] of Object.entries(value)) {
      if (!name.isWellFormed()) {
        throw new AppError('invalid_json', 'A field name holds half a surrogate pair, which is no text.');
      }
      rejectLoneSurrogates(member, [...path, name]);
    }
  }
}

interface Frame {
  /** Names seen so far; undefined in an array. */
  readonly names: Set<string> | undefined;
  step: string | number;
  expectsName: boolean;
}

/** One pass over the tokens. Lax about syntax (JSON.parse judges that), exact about where valid text's tokens stand. */
function scan(
  text: string,
  limits: JsonLimits,
  onString?: (start: number, end: number, path: JsonPath) => void,
): { exactNumbers: boolean; uniqueNames: boolean; escapedNames: boolean } {
  const frames: Frame[] = [];
  let values = 0;
  let exactNumbers = true;
  let uniqueNames = true;
  let escapedNames = false;
  let at = 0;
  while (at < text.length) {
    const top = frames.at(-1);
    const char = text[at];
    switch (char) {
      case '"': {
        const end = stringEnd(text, at);
        if (top?.names !== undefined && top.expectsName) {
          const token = text.slice(at, end);
          const escaped = token.includes('\\');
          if (escaped) escapedNames = true;
          const name = escaped ? readName(token) : token.slice(1, -1);
          if (top.names.has(name)) uniqueNames = false;
          top.names.add(name);
          top.step = name;
          top.expectsName = false;
        } else {
          onString?.(
            at,
            end,
            frames.map((frame) => frame.step),
          );
        }
        values += 1;
        at = end;
        break;
      }
      case '{':
      case '[':
        values += 1;
        if (frames.length >= limits.maxDepth) {
          throw new AppError('invalid_json', `The body is nested deeper than ${limits.maxDepth} levels.`);
        }
        frames.push(
          char === '{'
            ? { names: new Set(), step: '', expectsName: true }
            : { names: undefined, step: 0, expectsName: false },
        );
        at += 1;
        break;
      case '}':
      case ']':
        frames.pop();
        at += 1;
        break;
      case ',':
        if (typeof top?.step === 'number') top.step += 1;
        else if (top !== undefined) top.expectsName = true;
        values += 1;
        at += 1;
        break;
      default:
        if (char === '-' || (char !== undefined && char >= '0' && char <= '9')) {
          const end = numberEnd(text, at);
          if (exactNumbers && !isExact(text.slice(at, end))) exactNumbers = false;
          // Not by the commas alone: without any it is no JSON, but each number is taken apart before that shows.
          values += 1;
          at = end;
        } else {
          at += 1;
        }
    }
    if (values > limits.maxValues) {
      throw new AppError('invalid_json', `The body holds more than ${limits.maxValues} values.`);
    }
  }
  return { exactNumbers, uniqueNames, escapedNames };
}

function readName(token: string): string {
  try {
    return String(JSON.parse(token));
  } catch {
    // Not JSON: the parser, which runs next, says so properly.
    return token;
  }
}

function numberEnd(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && /[0-9.eE+-]/.test(text.charAt(end))) end += 1;
  return end;
}

function isExact(literal: string): boolean {
  if (literal.length <= 15 && /^-?\d+$/.test(literal)) return true;
  // No number that a picture depends on is this long; taking it apart would cost more than it is worth.
  if (literal.length > 400) return false;
  const value = Number(literal);
  return Number.isFinite(value) && decimalOf(literal) === decimalOf(String(value));
}

/** A decimal literal's value in one spelling: significant digits and the exponent of the last one. */
function decimalOf(literal: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal);
  if (match === null) return literal;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)}`;
}
