/** The process's exit codes, for scripts. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  partial: 3,
  cannotRun: 126,
  noSuchProgram: 127,
  /** Plus the number of the signal, as in shells. */
  signal: 128,
} as const;

/** The end of every `--help`. docs/reference/cli.md has the same table. */
export const EXIT_CODES_HELP = `
Exit codes:
  0        done
  1        it failed; standard error says why
  2        the arguments or the settings are wrong; nothing was done
  3        done in part: lines of \`warm\` failed, its budget did not suffice, or \`backup\` met damaged images
  126, 127 the program given to \`run\` cannot be started, or does not exist
  128+N    ended by signal N; otherwise \`run\` ends with its program's own code`;
