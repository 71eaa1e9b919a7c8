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

/** The scopes there can be, in words. */
export const SCOPE_FORMS = 'shared, token:NAME, or key: and 32 hex digits';

const SCOPE = /^(shared|key:[0-9a-f]{32}|token:[\x21-\x7e]{1,194})$/;

/** Whether some credential could have this scope. */
export function isScope(text: string): boolean {
  return SCOPE.test(text);
}
