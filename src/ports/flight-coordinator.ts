/** At most one piece of work per key at a time; those who come meanwhile share its result. */
export interface FlightCoordinator<T> {
  /**
   * Makes sure that a recipe's flights are owned here. At the owner it resolves at once. At an edge it never resolves: the
   * caller has done nothing yet that must not be done twice, and the owner answers its request; it rejects when the owner
   * fails. Absent where this process owns every recipe.
   */
  readonly ensureOwner?: (recipe: RecipeAddress) => Promise<void>;
  /**
   * Runs `work`, or waits for the run under the same key that is already there. A failure reaches every waiter.
   * `work` resolves to plain data, never to a stream: many read it.
   */
  run(key: string, work: () => Promise<T>, options?: FlightOptions): Promise<FlightResult<T>>;
  /** Runs in progress, those that nobody can join included. */
  readonly size: number;
  /** Resolves when no run is in progress any more, whatever their results. */
  settled(): Promise<void>;
}

/** Whose images of which recipe. */
export interface RecipeAddress {
  readonly site: string;
  readonly scope: string;
  readonly key: string;
}

export interface FlightOptions {
  /** False: always run the work given. It still becomes the run that others join if there is none. */
  readonly join?: boolean;
  /** The run takes the place of the one that others join, which goes on by itself. */
  readonly replace?: boolean;
  /** False: nobody may join this run. */
  readonly lead?: boolean;
}

export interface FlightResult<T> {
  readonly value: T;
  /** True for those who waited for somebody else's run. */
  readonly collapsed: boolean;
}
