import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** A word that names avoid, since another one says the same: docs/explanation/vocabulary.md. */
interface Avoided {
  readonly say: string;
  /** Prefixes of the files, under `src`, where the word means something else. */
  readonly except?: readonly string[];
  /** Names in which the word means something else. */
  readonly names?: RegExp;
}

const AVOIDED: ReadonlyMap<string, Avoided> = new Map([
  ['picture', { say: 'image' }],
  // The simulator imitates the vendor.
  ['vendor', { say: 'upstream', except: ['simulator/'] }],
  ['job', { say: 'task' }],
  // One of several tries, of which none is a record.
  ['attempt', { say: 'purchase', names: /^(FailedAttempt|(failed|throttled|max)?[aA]ttempts(Ms)?)$/ }],
  ['ticket', { say: 'waiter' }],
  ['keeper', { say: 'publisher or integrity' }],
  // A user's own folder.
  ['home', { say: 'owner', names: /home_?(folder|file)|homedir/i }],
  ['caretaker', { say: 'maintenance' }],
  ['exchange', { say: 'request record' }],
]);

const SRC = fileURLToPath(new URL('../src', import.meta.url));

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((found) => found.isFile() && /\.(tsx?|js)$/.test(found.name))
  .map((found) => relative(SRC, join(found.parentPath, found.name)).split(sep).join('/'));

const PROSE = new RegExp(
  [
    String.raw`\/\*[\s\S]*?\*\/`,
    String.raw`(?<![\\:])\/\/[^\n]*`,
    String.raw`(?<=[=(,:]\s*)\/(?:\\.|\[(?:\\.|[^\]\n\\])*\]|[^/\n\\])+\/`,
    String.raw`'(?:\\.|[^'\\\n])*'`,
    String.raw`"(?:\\.|[^"\\\n])*"`,
    String.raw`\`(?:\\.|\$\{(?:[^{}\`]|\{[^{}]*\}|\`[^\`]*\`)*\}|[^\`\\])*\``,
  ].join('|'),
  'g',
);

/** The names in a file: its code without comments, strings, patterns and the text of markup. */
function namesIn(file: string): ReadonlySet<string> {
  const code = readFileSync(join(SRC, file), 'utf8').replace(PROSE, ' ');
  const bare = file.endsWith('.tsx') ? code.replace(/>[^<>{}]*</g, '> <') : code;
  return new Set(bare.match(/[A-Za-z_$][\w$]*/g) ?? []);
}

/** The words of a name in any spelling, in lower case and the singular. */
function wordsOf(name: string): readonly string[] {
  const words = name.replace(/([a-z\d])([A-Z])/g, '$1 $2').split(/[^A-Za-z]+/);
  return words.map((word) => word.toLowerCase().replace(/s$/, ''));
}

function breachesIn(file: string): readonly string[] {
  const inPath = file.replace(/\.[a-z]+$/, '').split('/');
  return [...inPath, ...namesIn(file)].flatMap((name) =>
    wordsOf(name).flatMap((word) => {
      const avoided = AVOIDED.get(word);
      if (avoided === undefined || avoided.names?.test(name)) return [];
      if (avoided.except?.some((prefix) => file.startsWith(prefix))) return [];
      return [`${file}: ${name} (say ${avoided.say})`];
    }),
  );
}

it('names say one word for one thing', () => {
  expect(files.flatMap(breachesIn)).toEqual([]);
});

it('an exported type means one thing; the simulator has its own', () => {
  const declared = files
    .filter((file) => !file.startsWith('simulator/'))
    .flatMap((file) => {
      const code = readFileSync(join(SRC, file), 'utf8');
      return [...code.matchAll(/^export (?:abstract )?(?:class|interface|type) (\w+)/gm)].map(
        ([, name = '']) => name,
      );
    });
  const twice = declared.filter((name, index) => declared.indexOf(name) !== index);
  expect(twice).toEqual([]);
});
