import type { FlightCoordinator, FlightOptions, FlightResult } from '../../ports/flight-coordinator.ts';

/** Flights of one process: a map of promises. */
export class InProcessFlights<T> implements FlightCoordinator<T> {
  readonly #joinable = new Map<string, Promise<T>>();
  readonly #running = new Set<Promise<T>>();

  get size(): number {
    return this.#running.size;
  }

  async run(key: string, work: () => Promise<T>, options: FlightOptions = {}): Promise<FlightResult<T>> {
    const { join = true, lead = true, replace = false } = options;
    const running = !join || replace ? undefined : this.#joinable.get(key);
    if (running !== undefined) return { value: await running, collapsed: true };
    const flight = work();
    this.#running.add(flight);
    const leads = lead && (replace || !this.#joinable.has(key));
    if (leads) this.#joinable.set(key, flight);
    try {
      return { value: await flight, collapsed: false };
    } finally {
      this.#running.delete(flight);
      if (this.#joinable.get(key) === flight) this.#joinable.delete(key);
    }
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled([...this.#running]);
  }
}
