/** Who asks, and who pays. */
export interface Principal {
  /** Whose entries they read and make. */
  readonly scope: string;
  /** The key that upstream is asked with. */
  readonly apiKey: string;
  /** Whose limits at the vendor it counts against: one per key, and nothing that tells the key. */
  readonly account: string;
  /** True when the vendor must have accepted the key before a hit may be served (design: passthrough mode). */
  readonly needsProof: boolean;
}
