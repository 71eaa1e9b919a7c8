import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock } from '../src/adapters/system/clock.ts';
import { startSimulator } from '../src/simulator/server.ts';

/** `npm run worker:dev`: the Worker on this machine, with the simulator as upstream. Needs no account and no network. */
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const WRANGLER = join(ROOT, 'node_modules/.bin/wrangler');
const ADMIN_TOKEN = 'admin-on-this-machine';
const PORT = process.env.PORT ?? '8787';

const env = {
  ...process.env,
  WRANGLER_SEND_METRICS: 'false',
  // The runtime would ask Cloudflare where in the world it is.
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
};

const migrated = spawnSync(WRANGLER, ['d1', 'migrations', 'apply', 'dashcache', '--local'], {
  cwd: ROOT,
  // Asks no questions.
  env: { ...env, CI: '1' },
  stdio: 'inherit',
});
if (migrated.status !== 0) process.exit(migrated.status ?? 1);

const simulator = await startSimulator({ clock: systemClock });
const settings = {
  DASHCACHE_UPSTREAM: simulator.origin,
  // Its port changes from run to run; what it has drawn shall be found again.
  DASHCACHE_SITE: 'simulator',
  DASHCACHE_PUBLIC_URL: `http://127.0.0.1:${PORT}`,
  DASHCACHE_SECRET: 'no secret at all, on this machine',
  DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN,
};
const vars = Object.entries(settings).flatMap(([name, value]) => ['--var', `${name}:${value}`]);
console.log(`Simulator at ${simulator.origin}; it takes any key that begins with sk-.`);
console.log(`Admin page at http://127.0.0.1:${PORT}/admin; its token is ${ADMIN_TOKEN}.`);
const dev = spawn(WRANGLER, ['dev', '--local', '--ip', '127.0.0.1', '--port', PORT, ...vars], {
  cwd: ROOT,
  env,
  stdio: 'inherit',
});
dev.once('exit', async (code) => {
  await simulator.close();
  process.exitCode = code ?? 0;
});
// The terminal's interrupt reaches wrangler too, which ends by itself.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => dev.kill('SIGTERM'));
