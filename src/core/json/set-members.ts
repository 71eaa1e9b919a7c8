import { lengthOf, stringEnd } from './json-reader.ts';
import type { JsonValue } from './json-value.ts';

/** A value for one member of an object, which is named by its path from the root; objects on the way are made. */
export interface MemberChange {
  readonly path: readonly [string, ...string[]];
  readonly value: JsonValue;
}

/** A valid JSON object's text with these members set; all else keeps its spelling. No name may be given twice in it. */
export function setMembers(text: string, changes: readonly MemberChange[]): string {
  return changes.reduce((changed, { path, value }) => setMember(changed, 0, path, value), text);
}

function setMember(
  text: string,
  from: number,
  [name, ...rest]: MemberChange['path'],
  value: JsonValue,
): string {
  const start = text.indexOf('{', from);
  const members = membersAt(text, start);
  const known = members.find((member) => member.name === name);
  const [next, ...others] = rest;
  if (known !== undefined && next !== undefined && text[known.start] === '{')
    return setMember(text, known.start, [next, ...others], value);
  const inside = JSON.stringify(rest.reduceRight<JsonValue>((inner, step) => ({ [step]: inner }), value));
  if (known !== undefined) return text.slice(0, known.start) + inside + text.slice(known.end);
  const last = members.at(-1);
  const at = last?.end ?? start + 1;
  const comma = last === undefined ? '' : ',';
  return `${text.slice(0, at)}${comma}${JSON.stringify(name)}:${inside}${text.slice(at)}`;
}

interface Member {
  readonly name: string;
  /** Where its value begins and ends. */
  readonly start: number;
  readonly end: number;
}

function membersAt(text: string, objectStart: number): Member[] {
  const members: Member[] = [];
  let at = skip(text, objectStart + 1);
  while (text[at] === '"') {
    const nameEnd = stringEnd(text, at);
    const name = String(JSON.parse(text.slice(at, nameEnd)));
    const start = skip(text, nameEnd);
    const end = valueEnd(text, start);
    members.push({ name, start, end });
    at = skip(text, end);
  }
  return members;
}

function skip(text: string, at: number): number {
  return lengthOf(/[\s,:]*/y, text, at);
}

function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    at = skip(text, at);
    switch (text[at]) {
      case '"':
        at = stringEnd(text, at);
        break;
      case '{':
      case '[':
        depth += 1;
        at += 1;
        break;
      case '}':
      case ']':
        depth -= 1;
        at += 1;
        break;
      default:
        at = lengthOf(/[^\s,\]}]+/y, text, at);
    }
  } while (depth > 0 && at < text.length);
  return at;
}
