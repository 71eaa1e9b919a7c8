interface WorkerContext {
  readonly req: { readonly url: string; header(name: string): string | undefined };
}

/** What Cloudflare tells about a request beyond the Web `Request`. */
export const workersPlatform = {
  /** Written by Cloudflare's edge, which drops one that a client sends. */
  clientAddress: (c: WorkerContext): string => c.req.header('cf-connecting-ip') ?? 'unknown',
  /** The platform keeps no request as it was sent. */
  textOfRequest: (): undefined => undefined,
  /** As the platform parsed it: there is no other form. */
  rawTarget: (c: WorkerContext): string => {
    const { pathname, search } = new URL(c.req.url);
    return pathname + search;
  },
  /** A body that fails while it is read breaks the connection off. */
  cut: (): void => {
    throw new Error('the body failed midway');
  },
};
