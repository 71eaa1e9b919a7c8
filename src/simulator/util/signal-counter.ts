/** Counts events by name and lets others wait until there have been so many. */
export class SignalCounter<Name extends string> {
  readonly #counts = new Map<Name, number>();
  #waiting: { name: Name; count: number; resolve: () => void }[] = [];

  count(name: Name): number {
    return this.#counts.get(name) ?? 0;
  }

  signal(name: Name): void {
    const count = this.count(name) + 1;
    this.#counts.set(name, count);
    const reached = this.#waiting.filter((waiter) => waiter.name === name && waiter.count <= count);
    this.#waiting = this.#waiting.filter((waiter) => !reached.includes(waiter));
    for (const { resolve } of reached) resolve();
  }

  /** Resolves once `name` has been signalled `count` times in all; at once when it already has. */
  waitFor(name: Name, count: number): Promise<void> {
    if (this.count(name) >= count) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ name, count, resolve }));
  }
}
