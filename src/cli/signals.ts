/** npm repeats the Ctrl-C that the terminal has already sent. Two within this time, in milliseconds, are one. */
const ECHO_MS = 500;

/** Listens for SIGTERM and SIGINT. */
export interface SignalWatch {
  /** Resolves with the first of either. After it both have their usual effect again, except for the echo of a Ctrl-C. */
  readonly first: Promise<NodeJS.Signals>;
  /** Stops listening: both have their usual effect again. */
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
