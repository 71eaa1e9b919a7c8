import { causeChain, severityOf } from '../../core/severity.ts';
import type { Reporter } from '../../ports/reporter.ts';

/** Least serious first. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** Events as JSON lines on the console, which is where a Worker's logs are taken from. */
export function createConsoleReporter(level: LogLevel): Reporter {
  return {
    report: (event) => {
      const severity = severityOf(event);
      if (LEVELS.indexOf(severity) < LEVELS.indexOf(level)) return;
      const { cause, type, ...facts } = { cause: undefined, ...event };
      const error = cause === undefined ? {} : { error: causeChain(cause) };
      console[severity](JSON.stringify({ level: severity, event: type, ...facts, ...error }));
    },
  };
}
