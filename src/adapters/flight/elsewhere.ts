import type { FlightCoordinator, FlightResult, RecipeAddress } from '../../ports/flight-coordinator.ts';
import { ownerName } from './owner-name.ts';

/** Where a request must go, and what to do when it is not answered there: `fail` has it answered here, with the failure. */
export interface Departure {
  readonly owner: string;
  readonly fail: (why: Error) => void;
}

/** For one request on its way: whatever needs a flight stops here, and `departure` tells where the request must go. */
export class FlightsElsewhere<T> implements FlightCoordinator<T> {
  readonly size = 0;
  /** Never resolves for a request that needs no flight. */
  readonly departure: Promise<Departure>;
  #depart: (departure: Departure) => void = () => {};

  constructor() {
    this.departure = new Promise((resolve) => {
      this.#depart = resolve;
    });
  }

  readonly ensureOwner = (recipe: RecipeAddress): Promise<void> =>
    new Promise((_, fail) => this.#depart({ owner: ownerName(recipe), fail }));

  run(): Promise<FlightResult<T>> {
    return Promise.reject(new Error('no flight begins here'));
  }

  async settled(): Promise<void> {}
}
