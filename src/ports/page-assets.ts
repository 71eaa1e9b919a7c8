/** What the admin page's browser side consists of: scripts, style and icon. */
export interface PageAssets {
  /** A file by its name; undefined when there is none. */
  find(name: string): Promise<Uint8Array | undefined>;
}
