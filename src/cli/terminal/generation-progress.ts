import type { ProgressEvent } from '../client/progress-event.ts';
import { ProgressBar } from './progress-bar.ts';
import type { ProgressStyle } from './progress-style.ts';

/** Shows how far one generation has come. */
export interface GenerationProgress {
  show(event: ProgressEvent): void;
  end(): void;
}

/** The share of the bar that is left for the work after drawing: a guess. */
const DRAWN = 0.9;

export function showGeneration(style: ProgressStyle): GenerationProgress {
  if (style === 'bar') return new GenerationBar();
  return style === 'lines' ? new GenerationLines() : { show: () => {}, end: () => {} };
}

/** The last event, and when it came: drawing goes on between events. */
class GenerationBar implements GenerationProgress {
  #event: ProgressEvent | undefined;
  #at = performance.now();
  readonly #bar = new ProgressBar(() => {
    const since = performance.now() - this.#at;
    const event = this.#event;
    const now = event?.stage === 'running' ? { ...event, elapsed_ms: event.elapsed_ms + since } : event;
    return { full: now && fullness(now), text: now === undefined ? 'asking' : describe(now) };
  });

  show(event: ProgressEvent): void {
    this.#event = event;
    this.#at = performance.now();
  }

  end(): void {
    this.#bar.end();
  }
}

/** One line for each stage. */
class GenerationLines implements GenerationProgress {
  #stage: ProgressEvent['stage'] | undefined;

  show(event: ProgressEvent): void {
    if (event.stage !== this.#stage) console.error(describe(event));
    this.#stage = event.stage;
  }

  end(): void {}
}

function fullness(event: ProgressEvent): number | undefined {
  switch (event.stage) {
    case 'queued':
      return 0;
    case 'running':
      return event.expected_ms === null
        ? undefined
        : DRAWN * Math.min(1, event.elapsed_ms / Math.max(1, event.expected_ms));
    case 'downloading':
      return event.total === null ? DRAWN : DRAWN + (1 - DRAWN) * (event.bytes / Math.max(1, event.total));
    case 'stored':
      return 1;
  }
}

function describe(event: ProgressEvent): string {
  switch (event.stage) {
    case 'queued':
      return event.position > 1 ? `queued, ${event.position - 1} before it` : 'queued';
    case 'running':
      return `drawing, ${seconds(event.elapsed_ms)}${event.expected_ms === null ? '' : ` of about ${seconds(event.expected_ms)}`}`;
    case 'downloading':
      return `downloading, ${kilobytes(event.bytes)}${event.total === null ? '' : ` of ${kilobytes(event.total)}`}`;
    case 'stored':
      return 'stored';
  }
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}

function kilobytes(bytes: number): string {
  return `${Math.ceil(bytes / 1000)} kB`;
}
