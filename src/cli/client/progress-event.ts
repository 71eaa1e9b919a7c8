/** A progress event of `image.generate`. */
export type ProgressEvent =
  | { readonly stage: 'queued'; readonly position: number }
  | { readonly stage: 'running'; readonly elapsed_ms: number; readonly expected_ms: number | null }
  | { readonly stage: 'downloading'; readonly bytes: number; readonly total: number | null }
  | { readonly stage: 'stored' };

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
