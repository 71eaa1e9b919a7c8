import type { Cost } from '../core/events.ts';

/** How far a picture has come, as `image.generate` streams it. */
export type ProgressEvent =
  | { readonly stage: 'queued'; readonly position: number }
  | { readonly stage: 'running'; readonly elapsed_ms: number; readonly expected_ms: number | null }
  | { readonly stage: 'downloading'; readonly bytes: number; readonly total: number | null }
  | { readonly stage: 'stored' };

/** What the commands read of `image.generate`'s answer; it has more. */
export interface GenerateAnswer {
  readonly images: readonly GeneratedImage[];
  readonly cached: boolean;
  readonly cost: Cost | null;
  readonly spent: number | null;
  readonly avoided: number | null;
  readonly simplified_prompt?: string;
}

export interface GeneratedImage {
  readonly url: string;
  /** Null when the picture could not be kept: the URL is upstream's own then. */
  readonly sha256: string | null;
  readonly media_type: string | null;
}

/** The event of this name; undefined for one that this version does not know. */
export function readProgress(event: string, data: string): ProgressEvent | undefined {
  switch (event) {
    case 'queued':
    case 'running':
    case 'downloading':
    case 'stored':
      return { ...JSON.parse(data), stage: event };
    default:
      return undefined;
  }
}
