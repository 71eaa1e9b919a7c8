import { startServer } from '../node.ts';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Runs the server until SIGTERM or SIGINT, then drains it. A second signal ends it at once. */
export async function serve(): Promise<void> {
  const server = await startServer(process.env);
  console.log(`dashcache listens on ${server.origin}`);
  console.log(`${await nextSignal()}: no new flights; those under way may land`);
  await server.close();
  // What outlived the drain must not keep the process: its attempts stay open on record.
  process.exit(0);
}

/** The first of either; from then on both have their usual effect again. */
function nextSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals) => {
      for (const name of SIGNALS) process.off(name, onSignal);
      resolve(signal);
    };
    for (const name of SIGNALS) process.on(name, onSignal);
  });
}
