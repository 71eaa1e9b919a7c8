import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import {
  AMBIENT,
  AMBIENT_FILES,
  IMPORT_RULES,
  type ImportRule,
  LARGE_FOLDERS,
  MAX_FILES,
  MAX_LINES,
  NODE_ONLY,
  PORTABLE,
} from './support/import-rules.ts';

interface Edge {
  /** A path under `src`, or a module's name. */
  readonly to: string;
  readonly typeOnly: boolean;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SRC = join(ROOT, 'src');

const files = new Map(
  readdirSync(SRC, { recursive: true, withFileTypes: true })
    .filter((found) => found.isFile() && /\.(tsx?|js)$/.test(found.name))
    .map((found) => relative(SRC, join(found.parentPath, found.name)).split(sep).join('/'))
    .map((file) => [file, readFileSync(join(SRC, file), 'utf8')] as const),
);
const edges = new Map([...files].map(([file, text]) => [file, importsOf(file, text)] as const));

/** How many files each folder holds itself. */
function countFiles(root: string): { readonly folder: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const found of readdirSync(join(ROOT, root), { recursive: true, withFileTypes: true })) {
    if (!found.isFile()) continue;
    const folder = relative(ROOT, found.parentPath).split(sep).join('/');
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  return [...counts].map(([folder, count]) => ({ folder, count }));
}

/** The statements of a module, and imports inside it: `import('x')` loads, `typeof import('x')` does not. */
function importsOf(file: string, text: string): Edge[] {
  const statements = text.matchAll(
    /^(?:import\s+|(?:import|export)\b(\s+type\b)?[^'"`;=()]*?\bfrom\s+)['"]([^'"\n]+)['"]/gm,
  );
  const inside = text.matchAll(/\b(typeof\s+)?import\(\s*['"]([^'"]+)['"]/g);
  return [...statements, ...inside].map(([, type, module = '']) => ({
    to: module.startsWith('.') ? posix.join(posix.dirname(file), module) : module,
    typeOnly: type !== undefined,
  }));
}

/** Code without comments and plain strings. A quote in a regular expression may cost the rest of its line. */
function codeOf(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|(?<![\\:])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g, '');
}

const isUnder = (path: string, prefixes: readonly string[]) =>
  prefixes.some((prefix) => path.startsWith(prefix));

function ruleOf(file: string): ImportRule | undefined {
  return IMPORT_RULES.filter((rule) => file.startsWith(rule.files)).sort(
    (a, b) => b.files.length - a.files.length,
  )[0];
}

function isAllowed(rule: ImportRule, { to, typeOnly }: Edge): boolean {
  if (to.startsWith('node:')) return rule.node === true;
  if (files.has(to)) return isUnder(to, rule.may) || (typeOnly && isUnder(to, rule.mayTypes ?? []));
  return (rule.packages ?? []).some((name) => to === name || to.startsWith(`${name}/`));
}

/** Everything that these files import, with the way there. */
function closureOf(starts: readonly string[], follow: (edge: Edge) => boolean): Map<string, string> {
  const ways = new Map(starts.map((start) => [start, start]));
  for (const [file, way] of ways) {
    for (const edge of (edges.get(file) ?? []).filter(follow)) {
      if (!ways.has(edge.to)) ways.set(edge.to, `${way} → ${edge.to}`);
    }
  }
  return ways;
}

/** The shortest way from a file through its imports, of types too, back to it. */
function circleOf(file: string): string | undefined {
  const ways = closureOf([file], () => true);
  const [closing] = [...ways].filter(([reached]) => edges.get(reached)?.some(({ to }) => to === file));
  return closing && `${closing[1]} → ${file}`;
}

const filesUnder = (prefixes: readonly string[]) =>
  [...files.keys()].filter((file) => isUnder(file, prefixes));

/** Fails with one line per breach. */
function expectNone(breaches: readonly string[], rule: string): void {
  expect(breaches, `${rule}\n${breaches.join('\n')}\n`).toEqual([]);
}

describe('the architecture', () => {
  it('lets imports point one way', () => {
    const breaches = [...edges].flatMap(([file, imports]) => {
      const rule = ruleOf(file);
      if (rule === undefined)
        return [`${file}: no rule speaks of it; add one to test/support/import-rules.ts`];
      return imports
        .filter((edge) => !isAllowed(rule, edge))
        .map(({ to, typeOnly }) => `${file} imports ${typeOnly ? 'types of ' : ''}${to}. ${rule.remedy}`);
    });
    expectNone(breaches, 'Imports must follow the table in test/support/import-rules.ts.');
  });

  it('keeps the portable side free of Node', () => {
    const reached = closureOf(filesUnder(PORTABLE), (edge) => !edge.typeOnly);
    const breaches = [...reached].filter(([module]) => NODE_ONLY.test(module)).map(([, way]) => way);
    expectNone(
      breaches,
      'Portable code must run on any runtime. Put the Node part behind a port in src/ports.',
    );
  });

  it('takes time, chance and the environment as parameters', () => {
    const breaches = [...files]
      .filter(([file]) => !isUnder(file, AMBIENT_FILES))
      .flatMap(([file, text]) =>
        codeOf(text)
          .split('\n')
          .filter((line) => AMBIENT.test(line))
          .map((line) => `${file}: ${line.trim()}`),
      );
    expectNone(breaches, 'Take a Clock (src/ports/clock.ts), a Reporter or a Config instead.');
  });

  it('reserves no memory for what a cache may come to hold', () => {
    const reserved = [...files].flatMap(([file, text]) =>
      /new LRUCache\b[^(]*\(\{[^}]*\bmax:/.test(text) ? [file] : [],
    );
    expectNone(
      reserved,
      'lru-cache reserves room for `max` items at once, and a Worker makes its services for each request: bound it by `maxSize` with a `sizeCalculation`.',
    );
  });

  it('has small modules with named exports and no barrels', () => {
    const breaches = [...files].flatMap(([file, text]) => [
      // What a Worker's platform calls has no other name.
      ...(file !== 'worker.ts' && /^export default\b|^export\s*\{[^}]*\bas default\b/m.test(text)
        ? [`${file}: name the export`]
        : []),
      ...(/^export\b[^'"`;=]*\bfrom\s+['"]/m.test(text) ? [`${file}: import from where it is defined`] : []),
      ...(text.split('\n').length - 1 > MAX_LINES ? [`${file}: more than ${MAX_LINES} lines; split it`] : []),
    ]);
    expectNone(breaches, 'A module has one reason, and a name has one place.');
  });

  it('has no circle of imports', () => {
    const circles = [...files.keys()].map(circleOf).filter((way) => way !== undefined);
    expectNone(circles, 'What each of two files needs belongs into a third. An import of types counts.');
  });

  it('has folders that are read at a glance', () => {
    const counts = ['src', 'test'].flatMap((root) => countFiles(root));
    const large = counts.filter(({ count }) => count > MAX_FILES).map(({ folder }) => folder);
    expectNone(
      large.filter((folder) => !LARGE_FOLDERS.includes(folder)),
      `A folder has at most ${MAX_FILES} files: give a use case a room of its own.`,
    );
    expectNone(
      LARGE_FOLDERS.filter((folder) => !large.includes(folder)),
      'These are small enough: take them off the list in test/support/import-rules.ts.',
    );
  });

  it('keeps the simulator apart from our understanding of the vendor', () => {
    const ours = closureOf(filesUnder(['adapters/dashscope/']), () => true);
    const simulated = closureOf(filesUnder(['simulator/']), () => true);
    const shared = [...simulated].filter(([file]) => files.has(file) && ours.has(file));
    expectNone(
      shared.filter(([file]) => file !== 'ports/clock.ts').map(([, way]) => way),
      'A mistake that both share is found by no test. Write it anew from the vendor’s documents.',
    );
  });
});
