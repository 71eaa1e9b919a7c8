/** A promise and the way to settle it: tests wait for what happens, never for time. */
export interface Gate<T = void> {
  readonly opened: Promise<T>;
  open(value: T): void;
}

export function createGate<T = void>(): Gate<T> {
  let resolveOpened: (value: T) => void = () => {};
  const opened = new Promise<T>((resolve) => {
    resolveOpened = resolve;
  });
  return { opened, open: (value) => resolveOpened(value) };
}
