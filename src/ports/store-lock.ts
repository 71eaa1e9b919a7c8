/**
 * Keeps publishing and deleting of the same bytes apart. Without it: a flight finds that its image's bytes are there
 * already, the collector drops the last row that named them and then the bytes, and the flight inserts a row without bytes.
 *
 *     flight                         collector
 *     commit(digest): present
 *                                    delete rows; digest unreferenced
 *                                    delete bytes
 *     insert rows                    → an entry whose blob is gone
 *
 * Publishers of the same bytes share; who deletes them is alone.
 */
export interface StoreLock {
  /**
   * Runs `work`, which publishes these bytes and inserts the rows that name them, while nobody deletes them.
   * `storage_failed` when somebody does for too long; `work` has not begun then.
   */
  shared<T>(digests: readonly string[], work: () => Promise<T>): Promise<T>;
  /**
   * Runs `work` while nobody publishes or deletes the `free` ones of these bytes. It may delete them if no row names them;
   * the others are left to those who have them.
   */
  exclusive<T>(digests: readonly string[], work: (free: readonly string[]) => Promise<T>): Promise<T>;
}
