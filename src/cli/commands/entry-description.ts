import type { EntryDetailBody, EntryImageBody } from '../../http/admin/entry-schema.ts';
import { formatMoney } from '../money.ts';
import { counted, formatBytes } from '../terminal/format.ts';
import { printable, printableJson } from '../terminal/printable.ts';

type Fact = readonly [name: string, ...lines: string[]];

/** Describes an entry for people. `placeOf` says where to find an image. */
export function describeEntry(entry: EntryDetailBody, placeOf: (image: EntryImageBody) => string): string {
  const { key, take, prompt, model, site, scope, created_at, used_at, hits, canonical, usage, tags } = entry;
  const facts: readonly Fact[] = [
    ['prompt', ...prompt.split(/\r?\n/)],
    ['model', model],
    ...entry.images.map((image): Fact => ['image', describeImage(image), placeOf(image)]),
    ['stored', created_at],
    ['used', `${used_at}, ${counted(hits, 'hit', 'hits')}`],
    ['scope', scope],
    ['site', site],
    ['cost', entry.cost === null ? 'not known' : formatMoney(entry.cost)],
    ...fact('drawn in', entry.elapsed_ms, (ms) => `${(ms / 1000).toFixed(1)} s`),
    ...fact('request', entry.upstream_request_id, (id) => `${id}, upstream's`),
    ...(entry.pinned ? [['pinned', 'never evicted'] as const] : []),
    ...fact('invalid', entry.invalidated_at, (at) => `answers no request since ${at}`),
    ...(tags.length === 0 ? [] : [['tags', tags.join(', ')] as const]),
    ...entry.references.map(
      ({ field, sha256, drawn_by }): Fact => [
        'drawn from',
        `${sha256}, given as ${field}`,
        ...drawn_by.map((source) => `the image of ${source.key}`),
      ],
    ),
    ...entry.used_as_reference_by.map(
      (user): Fact => ['drawn on', `${user.key}: ${JSON.stringify(user.prompt)}`],
    ),
    ...(usage === null ? [] : [['usage', printableJson(usage)] as const]),
    ['recipe', printableJson(canonical)],
  ];
  return [`${key}, take ${take}`, ...facts.flatMap(linesOf)].map(printable).join('\n');
}

function linesOf([name, ...lines]: Fact): readonly string[] {
  return lines.map((line, index) => `  ${(index === 0 ? name : '').padEnd(10)}  ${line}`);
}

function fact<T>(name: string, value: T | null, describe: (value: T) => string): readonly Fact[] {
  return value === null ? [] : [[name, describe(value)]];
}

function describeImage({ width, height, media_type, bytes }: EntryImageBody): string {
  return `${width}*${height}, ${media_type}, ${formatBytes(bytes)}`;
}
