/** A task that the vendor has taken, and the only key that may ask about it. */
export interface VendorJob {
  /** The vendor's task id. */
  readonly id: string;
  /** The key that submitted it. */
  readonly apiKey: string;
  /** Whose poll quota it counts against: the key's fingerprint. */
  readonly account: string;
  readonly model: string;
}
