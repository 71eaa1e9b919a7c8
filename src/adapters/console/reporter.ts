import type { AnsweredRequest, CacheEvent } from '../../core/events.ts';
import type { Reporter } from '../../ports/reporter.ts';

/** Least serious first. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

export type LogLevel = (typeof LEVELS)[number];

/** Events as JSON lines on the console, which is where a Worker's logs are taken from. */
export function createConsoleReporter(level: LogLevel): Reporter {
  return {
    report: (event) => {
      const severity = levelOf(event);
      if (LEVELS.indexOf(severity) < LEVELS.indexOf(level)) return;
      const { cause, type, ...facts } = { cause: undefined, ...event };
      const error = cause === undefined ? {} : { error: describeCause(cause) };
      console[severity](JSON.stringify({ level: severity, event: type, ...facts, ...error }));
    },
  };
}

function levelOf(event: CacheEvent): 'debug' | 'info' | 'warn' | 'error' {
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

/** As on Node: what costs nothing and went well. */
function isRoutine({ status, result, door }: AnsweredRequest): boolean {
  return status < 400 && (result === 'hit' || (result === undefined && door !== 'passthrough'));
}

/** The chain of causes, without stacks. */
function describeCause(cause: unknown): string {
  const chain: string[] = [];
  for (let error: unknown = cause; error !== undefined && chain.length < 5; ) {
    chain.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  return chain.join(' <- ');
}
