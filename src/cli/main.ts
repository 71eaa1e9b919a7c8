#!/usr/bin/env node
import { Command } from 'commander';
import { isAppError } from '../core/errors.ts';
import { demo } from './demo.ts';
import { serve } from './serve.ts';
import { simulate } from './simulate.ts';

/** The settings or the arguments are wrong; the message says which. */
const EXIT_USAGE = 2;
const EXIT_FAILURE = 1;

const program = new Command('dashcache').description(
  'Pay for each image once: a caching proxy for DashScope image generation.',
);

program.command('serve').description('run the server; settings come from the environment').action(run(serve));

program
  .command('simulate')
  .description('run a local stand-in for DashScope, for offline work')
  .option('--port <port>', 'port to listen on', '8788')
  .option('--latency <ms>', 'how long it takes to draw one picture', '1500')
  .action(run(simulate));

program
  .command('demo')
  .description('start the simulator and the server, send a mixed workload, and print what it cost and saved')
  .option('--output <folder>', 'where the pictures go', 'demo-output')
  .action(run(demo));

await program.parseAsync();

function run<T extends readonly unknown[]>(
  action: (...args: T) => Promise<void>,
): (...args: T) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      if (!isAppError(error, 'config')) {
        console.error(error);
        process.exitCode = EXIT_FAILURE;
        return;
      }
      console.error(`dashcache: ${error.message}`);
      process.exitCode = EXIT_USAGE;
    }
  };
}
