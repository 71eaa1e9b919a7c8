import type { VendorTaskState } from '../../core/dashscope/vendor-task.ts';
import type { Attempt } from '../attempts/attempt.ts';
import type { FlightStage, StageListener } from './flight-stage.ts';
import type { VendorJob } from './vendor-job.ts';

/** The record of a flight, as far as one has to know it to follow it. */
export type FlightAttempt = Pick<Attempt, 'id' | 'model' | 'createdAt'>;

/** How far a flight has come, for those who do not wait for its end. */
export class FlightProgress {
  /** The recipe that it draws; undefined when nobody may join it. */
  readonly canonical: string | undefined;
  /** The flight's attempt, once it has one. */
  attempt: FlightAttempt | undefined;
  /** The vendor's task, where there is one. */
  job: VendorJob | undefined;
  /** Where the vendor says it is. */
  state: Extract<VendorTaskState, 'PENDING' | 'RUNNING'> = 'PENDING';
  /** Requests that still want its result. */
  interested = 0;
  /** The vendor has been told to drop the job: whoever comes now wants one of his own. */
  isCanceled = false;
  /** Resolves when it is sure to go on whoever waits: upstream has taken the job, or tells nothing before its end. */
  readonly accepted: Promise<void>;
  accept: () => void = () => undefined;
  readonly #watchers = new Set<StageListener>();
  #stage: FlightStage | undefined;

  constructor(canonical?: string) {
    this.canonical = canonical;
    this.accepted = new Promise((resolve) => {
      this.accept = resolve;
    });
  }

  /** What it is at; undefined before it has told anything. */
  get stage(): FlightStage | undefined {
    return this.#stage;
  }

  tell(stage: FlightStage): void {
    this.#stage = stage;
    for (const watcher of this.#watchers) watcher(stage);
  }

  /** From what it is at now on; returns the way to stop. */
  watch(listener: StageListener): () => void {
    this.#watchers.add(listener);
    if (this.#stage !== undefined) listener(this.#stage);
    return () => this.#watchers.delete(listener);
  }
}
