/** What a flight is at, for those who watch it. */
export type FlightStage =
  /** It waits for leave to ask upstream, with `position` - 1 others before it. */
  | { readonly stage: 'queued'; readonly position: number }
  /** Upstream draws, since this time. */
  | { readonly stage: 'running'; readonly since: number }
  /** The pictures come. */
  | ({ readonly stage: 'downloading' } & DownloadedBytes)
  | { readonly stage: 'stored' };

export interface DownloadedBytes {
  readonly bytes: number;
  /** Undefined as long as a picture has not said how long it is. */
  readonly total: number | undefined;
}

/** Told of each stage; it must not throw. */
export type StageListener = (stage: FlightStage) => void;
