import { FlightProgress } from './flight-progress.ts';
import type { StageListener } from './flight-stage.ts';

/** One request's place in a flight. It changes to a flight of its own when the one it waited in brings something else. */
export class FlightWaiter {
  #progress = new FlightProgress();
  #joined = false;
  /** 1 until its client hangs up, then 0: what it counts for among those who want the result. */
  #weight = 1;
  #listener: StageListener | undefined;
  #unwatch: () => unknown = () => undefined;
  /** Resolves with the flight that is sure to go on whoever waits. */
  readonly accepted: Promise<FlightProgress>;
  #accept: (progress: FlightProgress) => void = () => undefined;

  constructor() {
    this.accepted = new Promise((resolve) => {
      this.#accept = resolve;
    });
  }

  /** It is somebody else's flight. */
  get joined(): boolean {
    return this.#joined;
  }

  board(progress: FlightProgress, joined: boolean): void {
    this.#progress.interested -= this.#weight;
    this.#progress = progress;
    this.#joined = joined;
    progress.interested += this.#weight;
    this.#watch();
    void progress.accepted.then(() => {
      if (this.#progress === progress) this.#accept(progress);
    });
  }

  /** Tells what its flight is at, from now on; for one listener. */
  watch(listener: StageListener): void {
    this.#listener = listener;
    this.#watch();
  }

  #watch(): void {
    this.#unwatch();
    if (this.#listener !== undefined) this.#unwatch = this.#progress.watch(this.#listener);
  }

  /** Gives the place up when the client hangs up; the flight goes on all the same. */
  giveUpOn(hangUp: AbortSignal): void {
    const leave = () => {
      this.#progress.interested -= this.#weight;
      this.#weight = 0;
    };
    if (hangUp.aborted) leave();
    else hangUp.addEventListener('abort', leave, { once: true });
  }
}
