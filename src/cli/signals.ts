/** npm sends on the Ctrl-C that the terminal has already sent: within this time, two of them are one. */
const ECHO_MS = 500;

/** Listens for SIGTERM and SIGINT. */
export interface SignalWatch {
  /** The first of either; from then on both have their usual effect again, but for the echo of a Ctrl-C. */
  readonly first: Promise<NodeJS.Signals>;
  /** Gives both their usual effect back. */
  stop(): void;
}

/** Starts to listen for the signals that end a command. */
export function watchSignals(): SignalWatch {
  let onTerm = () => {};
  let onInt = () => {};
  const stop = () => {
    process.off('SIGTERM', onTerm);
    process.off('SIGINT', onInt);
  };
  const first = new Promise<NodeJS.Signals>((done) => {
    const end = (signal: NodeJS.Signals) => {
      done(signal);
      process.off('SIGTERM', onTerm);
      if (signal === 'SIGINT') setTimeout(stop, ECHO_MS).unref();
      else stop();
    };
    onTerm = () => end('SIGTERM');
    onInt = () => end('SIGINT');
    process.on('SIGTERM', onTerm);
    process.on('SIGINT', onInt);
  });
  return { first, stop };
}
