/**
 * Keeps publishing and deleting apart. Without it: a flight finds that its picture's bytes are there already, the
 * collector drops the last row that named them and then the bytes, and the flight inserts a row without bytes.
 *
 *     flight                         collector
 *     commit(digest): present
 *                                    delete rows; digest unreferenced
 *                                    delete bytes
 *     insert rows                    → an entry whose blob is gone
 *
 * Publishers share; a deleter is alone. First come, first served, so that neither side starves.
 */
export class StoreLock {
  #sharing = 0;
  #alone = false;
  readonly #waiting: { readonly alone: boolean; enter(): void }[] = [];

  /** Runs `work` beside other shared work, never beside exclusive work. */
  shared<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(false, work);
  }

  /** Runs `work` with nothing else inside. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#run(true, work);
  }

  async #run<T>(alone: boolean, work: () => Promise<T>): Promise<T> {
    if (this.#mayEnter(alone)) this.#enter(alone);
    else await new Promise<void>((enter) => this.#waiting.push({ alone, enter }));
    try {
      return await work();
    } finally {
      if (alone) this.#alone = false;
      else this.#sharing -= 1;
      this.#admit();
    }
  }

  #mayEnter(alone: boolean): boolean {
    if (this.#alone || this.#waiting.length > 0) return false;
    return !alone || this.#sharing === 0;
  }

  #enter(alone: boolean): void {
    if (alone) this.#alone = true;
    else this.#sharing += 1;
  }

  #admit(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#alone || (next.alone && this.#sharing > 0)) return;
      this.#waiting.shift();
      this.#enter(next.alone);
      next.enter();
    }
  }
}
