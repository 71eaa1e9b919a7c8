/** The last row of a page: where the next one begins. */
export interface PagePlace {
  /** What the list is sorted by. */
  readonly at: number;
  /** Decides between rows that are alike in that. */
  readonly id: number;
}

/** A list's rows, and where the next page begins; undefined on the last one. */
export interface Page<T> {
  readonly rows: readonly T[];
  readonly next: PagePlace | undefined;
}

/** What the first page comes after: the highest come first. */
export const BEFORE_ALL: PagePlace = { at: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER };
