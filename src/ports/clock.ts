/** Time and chance, as parameters: nothing else in the portable code reads a clock or rolls a die. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds from an arbitrary beginning that only grow: for intervals, since `now` jumps when a clock is set. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Uniform in [0, 1). */
  random(): number;
  /** A random UUID, version 4 (RFC 9562). */
  uuid(): string;
}
