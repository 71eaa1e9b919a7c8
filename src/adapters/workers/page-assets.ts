/** The part of a static assets binding that is used. */
interface Assets {
  fetch(url: string): Promise<{
    readonly status: number;
    readonly body: { cancel(): Promise<void> } | null;
    arrayBuffer(): Promise<ArrayBuffer>;
  }>;
}

/** The files that were deployed with the Worker. */
export function createBoundAssets(assets: Assets) {
  return {
    find: async (name: string): Promise<Uint8Array | undefined> => {
      // The binding looks at the path only; the host is never asked.
      const response = await assets.fetch(
        `https://assets.invalid/${name.split('/').map(encodeURIComponent).join('/')}`,
      );
      if (response.status === 200) return new Uint8Array(await response.arrayBuffer());
      await response.body?.cancel();
      return undefined;
    },
  };
}
