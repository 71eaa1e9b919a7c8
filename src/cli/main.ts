#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { printConfig } from './config-command.ts';
import { demo } from './demo.ts';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { reportFailure } from './failure.ts';
import { migrate } from './migrate.ts';
import { serve } from './serve.ts';
import { ALL_SETTINGS, addSettingOptions } from './settings-source.ts';
import { simulate } from './simulate.ts';

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
);

const program = new Command('dashcache')
  .description('Pay for each image once: a caching proxy for DashScope image generation.')
  .version(version)
  .exitOverride()
  .showHelpAfterError('Try --help.')
  .addHelpText('afterAll', EXIT_CODES_HELP);

addSettingOptions(program.command('serve'), ALL_SETTINGS)
  .description('run the server; settings come from flags, the environment and --config, in this order')
  .action(serve);

addSettingOptions(program.command('config'), ALL_SETTINGS)
  .description('print the settings that serve would have, with secrets masked, and where each was given')
  .option('--json', 'print JSON')
  .action(printConfig);

addSettingOptions(program.command('migrate'), ['data'])
  .description("bring the data folder's database to this version's schema, as serve does by itself")
  .option('--json', 'print JSON')
  .action(migrate);

program
  .command('simulate')
  .description('run a local stand-in for DashScope, for offline work')
  .option('--port <port>', 'port to listen on', '8788')
  .option('--latency <ms>', 'how long it takes to draw one picture', '1500')
  .action(simulate);

program
  .command('demo')
  .description('start the simulator and the server, send a mixed workload, and print what it cost and saved')
  .option('--output <folder>', 'where the pictures go', 'demo-output')
  .action(demo);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}
