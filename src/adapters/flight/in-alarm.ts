import type { FlightCoordinator, FlightOptions, FlightResult } from '../../ports/flight-coordinator.ts';
import { InProcessFlights } from './in-process.ts';

/**
 * Flights of one Durable Object. The work is done for its alarm, not for the request that asks for it: the platform may
 * end what a request began when its client leaves, but waits for an alarm up to 15 minutes.
 */
export class FlightsInAlarm<T> implements FlightCoordinator<T> {
  readonly #flights = new InProcessFlights<T>();
  readonly #setAlarm: () => Promise<void>;
  #waiting: (() => void)[] = [];
  #ringing = false;

  /** `setAlarm` has `ring` called soon, by the platform. */
  constructor(setAlarm: () => Promise<void>) {
    this.#setAlarm = setAlarm;
  }

  get size(): number {
    return this.#flights.size;
  }

  run(key: string, work: () => Promise<T>, options?: FlightOptions): Promise<FlightResult<T>> {
    return this.#flights.run(key, () => this.#inAlarm(work), options);
  }

  settled(): Promise<void> {
    return this.#flights.settled();
  }

  /** The alarm: begins what waits for it, and lasts until nothing is in the air any more. */
  async ring(): Promise<void> {
    this.#ringing = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const begin of waiting) begin();
    await this.#flights.settled();
    this.#ringing = false;
  }

  /** Another alarm would not come before this one has ended: what is asked for meanwhile begins at once. */
  async #inAlarm(work: () => Promise<T>): Promise<T> {
    if (!this.#ringing) {
      const rung = new Promise<void>((resolve) => this.#waiting.push(resolve));
      // Should this fail, nothing has begun, and nothing will.
      await this.#setAlarm();
      await rung;
    }
    return await work();
  }
}
