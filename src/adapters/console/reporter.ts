import { causeChain, severityOf } from '../../core/severity.ts';
import type { Reporter } from '../../ports/reporter.ts';

/** Levels, least serious first. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** Writes events as JSON lines to the console, where Cloudflare collects a Worker's logs. */
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
