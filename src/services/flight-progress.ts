import type { VendorTaskState } from '../core/vendor-task.ts';

/** How far a flight has come, for those who do not wait for its end. */
export class FlightProgress {
  /** The flight's attempt, once it has one. */
  attemptId: string | undefined;
  /** The vendor's task, where there is one. */
  upstreamTask: string | undefined;
  /** Where the vendor says it is. */
  state: Extract<VendorTaskState, 'PENDING' | 'RUNNING'> = 'PENDING';
  /** Requests that still want its result. */
  interested = 0;
  /** The vendor has been told to drop the job: whoever comes now wants one of his own. */
  isCanceled = false;
  /** Resolves when upstream has taken the job, so that it goes on whoever waits. */
  readonly accepted: Promise<void>;
  accept: () => void = () => undefined;

  constructor() {
    this.accepted = new Promise((resolve) => {
      this.accept = resolve;
    });
  }
}
