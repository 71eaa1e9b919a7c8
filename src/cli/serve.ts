import { startServer } from '../node.ts';

/** Runs the server until SIGTERM or SIGINT, then drains it. A second signal ends it at once. */
export async function serve(): Promise<void> {
  const server = await startServer(process.env);
  console.log(`dashcache listens on ${server.origin}`);
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  console.log(`${signal}: no new flights; those under way may land`);
  await server.close();
  // What outlived the drain must not keep the process: its attempts stay open on record.
  process.exit(0);
}
