import type { AnsweredRequest, CacheEvent } from './events.ts';

/** How much an event matters to who reads the log, as loggers name it. */
export type Severity = 'debug' | 'info' | 'warn' | 'error';

/** The severity of an event, in every log alike. */
export function severityOf(event: CacheEvent): Severity {
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

/** An error with what caused it, in one line and without stacks. */
export function causeChain(cause: unknown): string {
  const chain: string[] = [];
  for (let error: unknown = cause; error !== undefined && chain.length < 5; ) {
    chain.push(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    error = error instanceof Error ? error.cause : undefined;
  }
  return chain.join(' <- ');
}
