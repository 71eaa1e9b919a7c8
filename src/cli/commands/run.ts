import { type ChildProcess, spawn } from 'node:child_process';
import { constants, homedir } from 'node:os';
import { searchApiKey } from '../../adapters/node/api-key.ts';
import { openServer, type ServerFlags } from '../client/open-server.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { programEnvironment } from './run-environment.ts';
import { RunTotals } from './run-totals.ts';

export interface RunFlags extends ServerFlags {
  readonly json?: boolean;
}

/** Runs a program that asks dashcache in place of the vendor, says what it cost and saved, and ends with its exit code. */
export async function run(program: readonly string[], flags: RunFlags): Promise<void> {
  const tally = new RunTotals();
  const server = await openServer(flags, { onEvent: (event) => tally.note(event) });
  let exitCode: number;
  try {
    const { found } = await searchApiKey(server.env, homedir());
    exitCode = await runProgram(program, programEnvironment(process.env, server.origin, found?.key));
  } finally {
    // What the program did not wait for may still be bought and stored.
    await server.close();
  }
  console.error(summary(tally, server.isOwn, flags.json === true));
  process.exitCode = exitCode;
}

function summary(tally: RunTotals, isOwn: boolean, json: boolean): string {
  if (json) return JSON.stringify(isOwn ? tally : null);
  return isOwn
    ? `dashcache: ${tally}`
    : 'dashcache: what this run cost and saved is known to the server that was asked, and not to be told apart there';
}

/** The exit code as in shells: 128 plus the signal's number for a program that a signal ended. */
function runProgram(
  [command = '', ...args]: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    // Listen before the program starts: a signal in between would leave it running.
    let child: ChildProcess | undefined;
    const passOn = (signal: NodeJS.Signals) => child?.kill(signal);
    // A terminal sends Ctrl-C to the program as well: passing it on would make two.
    const passOnInt = () => process.stdin.isTTY || passOn('SIGINT');
    process.on('SIGTERM', passOn).on('SIGHUP', passOn).on('SIGINT', passOnInt);
    const done = () => process.off('SIGTERM', passOn).off('SIGHUP', passOn).off('SIGINT', passOnInt);
    child = spawn(command, args, { stdio: 'inherit', env });
    child.once('error', (cause) => {
      done();
      const isMissing = 'code' in cause && cause.code === 'ENOENT';
      const exitCode = isMissing ? EXIT.noSuchProgram : EXIT.cannotRun;
      reject(new Failure(`${command} cannot be started: ${cause.message}`, exitCode, { cause }));
    });
    child.once('close', (code, signal) => {
      done();
      resolve(code ?? EXIT.signal + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}
