import type { Clock } from '../../ports/clock.ts';
import type {
  FlightCoordinator,
  FlightOptions,
  FlightResult,
  RecipeAddress,
} from '../../ports/flight-coordinator.ts';
import { InProcessFlights } from './in-process.ts';
import { ownerName } from './owner-name.ts';

/** The platform gives up on an alarm after 15 minutes; the vendor's slowest jobs take three hours. */
const ALARM_MS = 10 * 60 * 1000;

/**
 * Flights of one Durable Object. The work is done for its alarm, not for the request that asks for it: the platform may
 * end what a request began when its client leaves, but waits for an alarm. What is to be done is in memory only, so an
 * alarm that the platform repeats after a crash finds nothing, and sends nothing twice.
 */
export class FlightsInAlarm<T> implements FlightCoordinator<T> {
  readonly #flights = new InProcessFlights<T>();
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #setAlarm: () => Promise<void>;
  readonly #takeUp: (recipe: RecipeAddress) => Promise<void>;
  /** By name: an image behind a URL may have changed on the way here, and with it the recipe that is asked for. */
  readonly #takenUp = new Map<string, Promise<void>>();
  #waiting: (() => void)[] = [];
  #ringing = false;

  /**
   * `setAlarm` has `ring` called soon, by the platform. `takeUp` puts into the air what an object before this one had paid
   * for and not brought home: done once, before anything new is bought.
   */
  constructor(
    clock: Pick<Clock, 'sleep'>,
    setAlarm: () => Promise<void>,
    takeUp: (recipe: RecipeAddress) => Promise<void>,
  ) {
    this.#clock = clock;
    this.#setAlarm = setAlarm;
    this.#takeUp = takeUp;
  }

  readonly ensureOwner = (recipe: RecipeAddress): Promise<void> => {
    const name = ownerName(recipe);
    const known = this.#takenUp.get(name);
    if (known !== undefined) return known;
    const taking = this.#takeUp(recipe).catch((error: unknown) => {
      // Whoever asks next tries again; who asked now buys nothing.
      this.#takenUp.delete(name);
      throw error;
    });
    this.#takenUp.set(name, taking);
    return taking;
  };

  get size(): number {
    return this.#flights.size;
  }

  run(key: string, work: () => Promise<T>, options?: FlightOptions): Promise<FlightResult<T>> {
    return this.#flights.run(key, () => this.#inAlarm(work), options);
  }

  settled(): Promise<void> {
    return this.#flights.settled();
  }

  /** The alarm: begins what waits for it, and lasts until nothing is in the air any more; if need be, with a further one. */
  async ring(): Promise<void> {
    this.#ringing = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const begin of waiting) begin();
    const timer = new AbortController();
    const tooLong = this.#clock.sleep(ALARM_MS, timer.signal).then(
      () => true,
      () => false,
    );
    // Who waited for a flight may begin another the moment that it lands.
    while (this.#flights.size > 0) {
      if (await Promise.race([tooLong, this.settled().then(() => false)])) return await this.#setAlarm();
    }
    timer.abort();
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
