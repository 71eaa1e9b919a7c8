/** The most events that fell into any one window. */
export class PeakRate {
  readonly #windowMs: number;
  #times: number[] = [];
  #peak = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  get peak(): number {
    return this.#peak;
  }

  /** Notes one event at `now` (epoch ms). */
  note(now: number): void {
    this.#times = this.#times.filter((time) => time > now - this.#windowMs);
    this.#times.push(now);
    this.#peak = Math.max(this.#peak, this.#times.length);
  }
}
