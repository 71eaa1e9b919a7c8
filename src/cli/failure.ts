import { CommanderError } from 'commander';
import { isAppError } from '../core/errors.ts';
import { EXIT } from './exit-codes.ts';

/** A failure whose message says everything, so that no stack is printed. */
export class Failure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failure, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

/** Prints what went wrong to standard error and returns the exit code. */
export function reportFailure(error: unknown): number {
  // Commander has printed its message already. Its code is 0 when help was asked for.
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
