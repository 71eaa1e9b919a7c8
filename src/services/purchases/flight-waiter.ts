import type { Flight } from './flight.ts';
import type { StageListener } from './flight-stage.ts';

/** One request's place in a flight. It changes to another flight when the one it waited in brings something else. */
export class FlightWaiter {
  #flight: Flight | undefined;
  #joined = false;
  #hasLeft = false;
  #listener: StageListener | undefined;
  #unwatch: () => unknown = () => undefined;
  /** Resolves with the flight that is sure to go on whoever waits. */
  readonly accepted: Promise<Flight>;
  #accept: (flight: Flight) => void = () => undefined;

  constructor() {
    this.accepted = new Promise((resolve) => {
      this.#accept = resolve;
    });
  }

  /** It is somebody else's flight. */
  get joined(): boolean {
    return this.#joined;
  }

  board(flight: Flight, joined: boolean): void {
    if (this.#flight !== undefined && !this.#hasLeft) this.#flight.leave();
    this.#flight = flight;
    this.#joined = joined;
    flight.interested += 1;
    if (this.#hasLeft) flight.leave();
    this.#watch();
    void flight.accepted.then(() => {
      if (this.#flight === flight) this.#accept(flight);
    });
  }

  /** Tells what its flight is at, from now on; for one listener. */
  watch(listener: StageListener): void {
    this.#listener = listener;
    this.#watch();
  }

  /** Gives the place up when the client hangs up. A flight that is sent goes on all the same. */
  giveUpOn(hangUp: AbortSignal): void {
    if (hangUp.aborted) this.leave();
    else hangUp.addEventListener('abort', () => this.leave(), { once: true });
  }

  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#flight?.leave();
  }

  #watch(): void {
    this.#unwatch();
    if (this.#listener !== undefined && this.#flight !== undefined)
      this.#unwatch = this.#flight.watch(this.#listener);
  }
}
