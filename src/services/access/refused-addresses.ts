import { LRUCache } from 'lru-cache';
import type { Clock } from '../../ports/clock.ts';
import { RateWindow } from './rate-window.ts';

/** Refused keys that one client address may show upstream, per minute. */
const REFUSALS_PER_MINUTE = 30;

/** From where keys come that upstream refuses: who invents them is told to wait. */
export class RefusedAddresses {
  readonly #refusals: RateWindow;
  /** By account, of keys that are not proved. */
  readonly #cameFrom = new LRUCache<string, string>({ maxSize: 10_000, sizeCalculation: () => 1 });

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#refusals = new RateWindow(clock, { limit: REFUSALS_PER_MINUTE, windowMs: 60_000 });
  }

  /** Notes where an account's key came from. Milliseconds to wait when too many from there were refused; else undefined. */
  note(account: string, clientAddress: string): number | undefined {
    this.#cameFrom.set(account, clientAddress);
    return this.#refusals.waitMs(clientAddress);
  }

  /** Upstream has refused this account's key. */
  count(account: string): void {
    const address = this.#cameFrom.get(account);
    if (address !== undefined) this.#refusals.count(address);
  }
}
