import type { Clock } from '../../ports/clock.ts';
import type {
  FlightCoordinator,
  FlightOptions,
  FlightResult,
  RecipeAddress,
} from '../../ports/flight-coordinator.ts';
import { InProcessFlights } from './in-process.ts';
import { ownerName } from './owner-name.ts';

/** The platform ends an alarm after 15 minutes; the vendor's slowest tasks take three hours. */
const ALARM_MS = 10 * 60 * 1000;

/**
 * Flights of one Durable Object. Its alarm does the work, not the request that asks for it: the platform may end what a
 * request began when its client leaves, but waits for an alarm. The work to do is in memory only, so an alarm that the
 * platform repeats after a crash finds nothing and sends nothing twice.
 */
export class FlightsInAlarm<T> implements FlightCoordinator<T> {
  readonly #flights = new InProcessFlights<T>();
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #setAlarm: () => Promise<void>;
  readonly #takeUp: (recipe: RecipeAddress) => Promise<void>;
  /** By name, because an image behind a URL may have changed on the way here, and with it the recipe. */
  readonly #takenUp = new Map<string, Promise<void>>();
  #waiting: (() => void)[] = [];
  #ringing = false;

  /**
   * `setAlarm` makes the platform call `ring` soon. `takeUp` goes on with what an earlier object had paid for and not
   * stored: once, before anything new is bought.
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
      // The next request tries again; this one buys nothing.
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

  /** The alarm: begins the waiting work, and lasts until nothing is in the air; if need be, with a further alarm. */
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
    // A waiter may begin another flight the moment that one lands.
    while (this.#flights.size > 0) {
      if (await Promise.race([tooLong, this.settled().then(() => false)])) return await this.#setAlarm();
    }
    timer.abort();
    this.#ringing = false;
  }

  /** During an alarm no other one comes: work that is asked for meanwhile begins at once. */
  async #inAlarm(work: () => Promise<T>): Promise<T> {
    if (!this.#ringing) {
      const rung = new Promise<void>((resolve) => this.#waiting.push(resolve));
      // If this fails, nothing has begun, and nothing will.
      await this.#setAlarm();
      await rung;
    }
    return await work();
  }
}
