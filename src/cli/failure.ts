import { CommanderError } from 'commander';
import { isAppError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';

/** A failure whose message says everything: it is printed without a stack. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failure, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Says what went wrong on standard error, and gives the exit code for it. */
export function reportFailure(error: unknown): number {
  // Commander has printed what it had to say. Its code for help that was asked for is 0.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof Failure) {
    console.error(`dashcache: ${error.message}`);
    return error.exitCode;
  }
  if (isAppError(error, 'config')) {
    console.error(`dashcache: ${error.message}`);
    return EXIT.usage;
  }
  console.error(error);
  return EXIT.failure;
}
