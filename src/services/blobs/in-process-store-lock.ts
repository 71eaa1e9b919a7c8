import type { StoreLock } from '../../ports/store-lock.ts';

/**
 * The lock of the one process that owns a store. Whatever the bytes, publishers share and a deleter is alone. First come,
 * first served, so that neither side starves.
 */
export class InProcessStoreLock implements StoreLock {
  #sharing = 0;
  #alone = false;
  readonly #waiting: { readonly alone: boolean; enter(): void }[] = [];

  shared<T>(_: readonly string[], work: () => Promise<T>): Promise<T> {
    return this.#run(false, work);
  }

  exclusive<T>(digests: readonly string[], work: (free: readonly string[]) => Promise<T>): Promise<T> {
    return this.#run(true, () => work(digests));
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
