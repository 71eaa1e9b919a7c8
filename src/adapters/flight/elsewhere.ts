import type { FlightCoordinator, FlightResult, RecipeAddress } from '../../ports/flight-coordinator.ts';
import { ownerName } from './owner-name.ts';

/** The owner that a request must go to. If the owner does not answer, `fail` makes this process answer with the failure. */
export interface Departure {
  readonly owner: string;
  readonly fail: (why: Error) => void;
}

/** For one request at an edge: it stops before it needs a flight, and `departure` says which owner it must go to. */
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
