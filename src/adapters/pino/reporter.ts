import { type Level, pino } from 'pino';
import { causeChain, severityOf } from '../../core/severity.ts';
import type { Reporter } from '../../ports/reporter.ts';

/** Writes events as JSON lines to standard error. */
export function createLogReporter(level: Level | 'silent'): Reporter {
  const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  return {
    report: (event) => {
      const severity = severityOf(event);
      if (!log.isLevelEnabled(severity)) return;
      const { cause, type, ...facts } = { cause: undefined, ...event };
      const fields = cause === undefined ? facts : { ...facts, ...describeCause(cause) };
      log[severity]({ event: type, ...fields });
    },
  };
}

/** The chain of causes, without the stacks of errors that are expected. */
function describeCause(cause: unknown): { error: string; stack?: string } {
  const stack = cause instanceof TypeError || cause instanceof RangeError ? cause.stack : undefined;
  return { error: causeChain(cause), ...(stack === undefined ? {} : { stack }) };
}
