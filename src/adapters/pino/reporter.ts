import { type Level, pino } from 'pino';
import type { AnsweredRequest, CacheEvent } from '../../core/events.ts';
import type { Reporter } from '../../ports/reporter.ts';

/** Events as JSON lines on standard error. */
export function createLogReporter(level: Level | 'silent'): Reporter {
  const log = pino({ level, base: null }, pino.destination({ dest: 2, sync: true }));
  return {
    report: (event) => {
      const severity = levelOf(event);
      if (!log.isLevelEnabled(severity)) return;
      const { cause, type, ...facts } = { cause: undefined, ...event };
      const fields = cause === undefined ? facts : { ...facts, ...describeCause(cause) };
      log[severity]({ event: type, ...fields });
    },
  };
}

function levelOf(event: CacheEvent): Level {
  switch (event.type) {
    case 'failure':
      return 'error';
    case 'not-stored':
    case 'outcome-unknown':
    case 'healed':
    case 'retry':
      return 'warn';
    case 'bought':
    case 'stored':
    case 'evicted':
    case 'purged':
      return 'info';
    case 'request':
      return isRoutine(event) ? 'debug' : 'info';
    default:
      return 'debug';
  }
}

/** What costs nothing and went well: hits, pictures, polls, uploads, the admin interface. */
function isRoutine({ status, result, door }: AnsweredRequest): boolean {
  return status < 400 && (result === 'hit' || (result === undefined && door !== 'passthrough'));
}

/** The chain of causes, without the stacks of errors that are expected. */
function describeCause(cause: unknown): { error: string; stack?: string } {
  const chain: string[] = [];
  for (let error: unknown = cause; error !== undefined && chain.length < 5; ) {
    chain.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  const stack = cause instanceof TypeError || cause instanceof RangeError ? cause.stack : undefined;
  return { error: chain.join(' <- '), ...(stack === undefined ? {} : { stack }) };
}
