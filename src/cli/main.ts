#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { addServerOptions } from './client/open-server.ts';
import { addFilterOptions } from './entry-filter.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { reportFailure } from './failure.ts';
import { ALL_SETTINGS, addSettingOptions } from './settings/settings-source.ts';

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

/** A command's code is loaded when the command is given: a start loads nothing else. */
function loaded<Given extends readonly unknown[]>(load: () => Promise<(...given: Given) => unknown>) {
  return async (...given: Given): Promise<void> => {
    await (await load())(...given);
  };
}

const program = new Command('dashcache')
  .description('Pay for each image once: a caching proxy for DashScope image generation.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('Try --help.')
  .addHelpText('afterAll', EXIT_CODES_HELP)
  // Options after the program of `run` are the program's own.
  .enablePositionalOptions();

addSettingOptions(program.command('serve'), ALL_SETTINGS)
  .description('run the server; settings come from flags, the environment and --config, in this order')
  .action(loaded(async () => (await import('./commands/serve.ts')).serve));

addServerOptions(program.command('generate'))
  .description(
    'draw the images of an image.generate request, or find them in the cache, and write them to files',
  )
  .requiredOption('--request <json>', 'the request: JSON, the path of a file, or - for standard input')
  .option('--output <file>', 'where to write; several images get numbered names')
  .option('--print-response', 'print the response as JSON')
  .option('--json', 'print one line of JSON with the files and the response')
  .action(loaded(async () => (await import('./commands/generate.ts')).generate));

addServerOptions(program.command('warm'))
  .description('fill the cache with what a file asks for: a JSON request in any dialect on each line')
  .argument('<file>', 'the file, or - for standard input')
  .option('--dry-run', 'only say what is stored and what the rest would cost')
  .option('--budget <amount>', 'spend no more than this, such as 20 or "12.50 CNY"')
  .option('--allow-unknown-cost', 'with --budget: also buy what has no known price')
  .option('--concurrency <n>', 'requests under way at once', '4')
  .option('--scope <scope>', 'whose entries count as stored, at a server that asks for an admin token')
  .option('--json', 'print one line of JSON instead of progress and summary')
  .action(loaded(async () => (await import('./warm/warm.ts')).warm));

addServerOptions(program.command('explain'))
  .description(
    'say whether a request in any dialect is a hit, its key, its price, and the nearest entries; buys nothing',
  )
  .argument('<request>', 'the request: JSON, the path of a file, or - for standard input')
  .option('--scope <scope>', 'whose entries to look at, at a server that asks for an admin token')
  .option('--json', 'print JSON')
  .action(loaded(async () => (await import('./commands/explain.ts')).explain));

addServerOptions(addFilterOptions(program.command('ls')))
  .description('list what is stored, by words of the prompt and by filters')
  .addOption(
    new Option('--sort <by>', 'what comes first: newest, last used, or most hits')
      .choices(['created', 'used', 'hits'])
      .default('created'),
  )
  .option('--limit <n>', 'how many at most', '50')
  .addOption(new Option('--all', 'all of them').conflicts('limit'))
  .option('--json', 'print one line of JSON for each entry')
  .action(loaded(async () => (await import('./commands/ls.ts')).ls));

addServerOptions(program.command('show'))
  .description('show everything that is known about the entries of a key')
  .argument('<key>', 'the key, as ls prints it')
  .option('--scope <scope>', 'whose, when several scopes hold the key')
  .option('--site <site>', 'which upstream drew them, when several did')
  .option('--take <n>', 'only this take')
  .option('--json', 'print one line of JSON')
  .action(loaded(async () => (await import('./commands/show.ts')).show));

addServerOptions(addFilterOptions(program.command('purge')))
  .description('say what a filter would remove from the store, pinned or not; --yes removes it')
  .option('--all', 'everything, instead of a filter')
  .option('--yes', 'remove it')
  .option('--json', 'print one line of JSON')
  .action(loaded(async () => (await import('./commands/purge.ts')).purge));

addServerOptions(program.command('stats'))
  .description('say how much is stored, by model and scope, and what was spent and avoided')
  .option('--json', 'print one line of JSON')
  .action(loaded(async () => (await import('./commands/stats.ts')).stats));

addServerOptions(program.command('run'))
  .description('run a program that asks dashcache in place of the vendor, and say what it cost and saved')
  .argument('<program...>', 'the program with its arguments; put -- before it')
  .option('--json', 'print cost and savings as one line of JSON')
  .passThroughOptions()
  .action(loaded(async () => (await import('./commands/run.ts')).run));

addServerOptions(program.command('savings'))
  .description('say what was bought and what was saved, at list price')
  .option('--since <time>', 'how far back, in whole days, such as 7d', '30d')
  .addOption(
    new Option('--by <what>', 'how to group the rows').choices(['model', 'scope', 'day']).default('model'),
  )
  .option('--json', 'print JSON')
  .action(loaded(async () => (await import('./commands/savings.ts')).savings));

addSettingOptions(program.command('config'), ALL_SETTINGS)
  .description('print the effective settings, with secrets masked, and where each was given')
  .option('--json', 'print JSON')
  .action(loaded(async () => (await import('./commands/config.ts')).printConfig));

addSettingOptions(program.command('migrate'), ['data'])
  .description("bring the data folder's database to this version's schema, as serve does by itself")
  .option('--json', 'print JSON')
  .action(loaded(async () => (await import('./commands/migrate.ts')).migrate));

addSettingOptions(program.command('backup'), ['data'])
  .description('copy the data folder into another folder, also while a server has it')
  .argument('<folder>', 'where to; what it has already is not copied again')
  .option('--json', 'print JSON')
  .action(loaded(async () => (await import('./commands/backup.ts')).backup));

addSettingOptions(program.command('restore'), ['data'])
  .description('bring a backup back into the data folder; what is there is kept beside it')
  .argument('<folder>', 'the backup')
  .option('--json', 'print JSON')
  .action(loaded(async () => (await import('./commands/backup.ts')).restore));

addSettingOptions(program.command('repair'), ['data'])
  .description(
    'make a data folder usable again with what is left of it; images without a row go to the trash',
  )
  .option('--json', 'print JSON')
  .action(loaded(async () => (await import('./commands/backup.ts')).repair));

program
  .command('simulate')
  .description('run a local stand-in for DashScope, for offline work')
  .option('--port <port>', 'port to listen on', '8788')
  .option('--latency <ms>', 'how long it takes to draw one image', '1500')
  .action(loaded(async () => (await import('./commands/simulate.ts')).simulate));

program
  .command('demo')
  .description('start the simulator and the server, send a mixed workload, and print what it cost and saved')
  .option('--output <folder>', 'where the images go', 'demo-output')
  .action(loaded(async () => (await import('./demo/demo.ts')).demo));

try {
  await program.parseAsync();
} catch (error) {
  // Exit at once: a command that was ended may have work under way that nobody waits for.
  process.exit(reportFailure(error));
}
