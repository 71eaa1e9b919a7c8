import { type Command, Option } from 'commander';
import { ENTRY_FILTERS } from '../core/entries/entry-filter.ts';
import { meaningOf } from '../core/schema.ts';
import { optionOf, type Parameters } from './client/admin-api.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** What the options of `addFilterOptions` come to, by the names that Commander gives them. */
export type FilterFlags = Readonly<Partial<Record<FlagName, string>>> & { readonly pinned?: boolean };

type FlagName = Exclude<Camel<keyof typeof ENTRY_FILTERS>, 'q' | 'pinned'>;
type Camel<S extends string> = S extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Tail>}` : S;

const GROUP = 'Filter:';

/** Adds the words and options that select entries. The server checks their values. */
export function addFilterOptions(command: Command): Command {
  for (const [name, field] of Object.entries(ENTRY_FILTERS)) {
    if (name === 'q') command.argument('[words...]', help(meaningOf(field)));
    else if (name !== 'pinned')
      addOption(command, `${optionOf(name)} <${name.split('_').at(-1)}>`, help(meaningOf(field)));
  }
  addOption(command, '--pinned', 'only entries that are pinned');
  addOption(command, '--no-pinned', 'only entries that are not pinned');
  return command;
}

/** The filter as the admin API takes it. Refuses an empty value: it is more likely a mistake than a wish for everything. */
export function filterOf(words: readonly string[], flags: FilterFlags): Parameters {
  const values = new Map<string, unknown>(Object.entries(flags));
  if (words.length > 0) values.set('q', words.join(' '));
  const given = Object.keys(ENTRY_FILTERS).flatMap((name) => {
    const value = values.get(camel(name));
    return value === undefined ? [] : [[name, String(value)] as const];
  });
  const empty = given.find(([, value]) => value.trim() === '');
  if (empty !== undefined) throw new Failure(`${optionOf(empty[0])} may not be empty`, EXIT.usage);
  return Object.fromEntries(given);
}

function addOption(command: Command, flags: string, meaning: string): void {
  command.addOption(new Option(flags, meaning).helpGroup(GROUP));
}

/** A sentence of the description as help is written: no capital, no full stop, no marks around code. */
function help(sentence: string): string {
  return (sentence.charAt(0).toLowerCase() + sentence.slice(1)).replace(/\.$/, '').replaceAll('`', '');
}

function camel(name: string): string {
  return name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}
