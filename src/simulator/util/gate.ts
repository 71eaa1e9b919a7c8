/** A door that opens once, for everybody. */
export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function createGate(): Gate {
  let open = () => {
    // Replaced before anybody can call it: the executor below runs at once.
  };
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
