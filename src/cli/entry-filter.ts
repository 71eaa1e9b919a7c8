import { type Command, Option } from 'commander';
import { optionOf, type Parameters } from './client/admin-api.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';

/** What the options of `addFilterOptions` come to. */
export interface FilterFlags {
  readonly model?: string;
  readonly size?: string;
  readonly seed?: string;
  readonly scope?: string;
  readonly site?: string;
  readonly tag?: string;
  readonly minAge?: string;
  readonly maxAge?: string;
  readonly pinned?: boolean;
}

const GROUP = 'Filter:';

/** Adds the words and options that say which entries are meant. The server judges their values. */
export function addFilterOptions(command: Command): Command {
  command.argument(
    '[words...]',
    'words of the prompt: all of them; begin*, \'"in a row"\', single Chinese characters',
  );
  for (const [flags, meaning] of [
    ['--model <id>', 'of this model'],
    ['--size <size>', 'asked for in this size, such as 1024*1024'],
    ['--seed <seed>', 'with this seed'],
    ['--scope <scope>', 'of this scope, such as token:ann'],
    ['--site <site>', 'drawn by this upstream'],
    ['--tag <tag>', 'with this tag'],
    ['--min-age <time>', 'stored at least so long ago, such as 30d'],
    ['--max-age <time>', 'stored at most so long ago, such as 12h'],
    ['--pinned', 'pinned ones'],
    ['--no-pinned', 'those that are not pinned'],
  ] as const) {
    command.addOption(new Option(flags, meaning).helpGroup(GROUP));
  }
  return command;
}

/** The filter as the admin interface takes it. An empty value is more likely a mistake than a wish for everything. */
export function filterOf(words: readonly string[], flags: FilterFlags): Parameters {
  const { model, size, seed, scope, site, tag, minAge, maxAge, pinned } = flags;
  const given = Object.entries({
    q: words.length === 0 ? undefined : words.join(' '),
    ...{ model, size, seed, scope, site, tag },
    min_age: minAge,
    max_age: maxAge,
    pinned: pinned === undefined ? undefined : String(pinned),
  }).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const empty = given.find(([, value]) => value.trim() === '');
  if (empty !== undefined) throw new Failure(`${optionOf(empty[0])} may not be empty`, EXIT.usage);
  return Object.fromEntries(given);
}
