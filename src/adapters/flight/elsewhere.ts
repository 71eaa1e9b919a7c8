import type { FlightCoordinator, FlightResult, RecipeAddress } from '../../ports/flight-coordinator.ts';
import { homeName } from './home.ts';

/** For one request on its way: whatever needs a flight stops here, and `departure` tells where the request must go. */
export class FlightsElsewhere<T> implements FlightCoordinator<T> {
  readonly size = 0;
  /** The name of the home; never resolves for a request that needs no flight. */
  readonly departure: Promise<string>;
  #depart: (home: string) => void = () => {};

  constructor() {
    this.departure = new Promise((resolve) => {
      this.#depart = resolve;
    });
  }

  readonly atHome = (recipe: RecipeAddress): Promise<void> => {
    this.#depart(homeName(recipe));
    return new Promise(() => {});
  };

  run(): Promise<FlightResult<T>> {
    return Promise.reject(new Error('no flight begins here'));
  }

  async settled(): Promise<void> {}
}
