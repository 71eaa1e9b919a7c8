import { resolve } from 'node:path';
import { type RunningServer, startServer } from '../../node.ts';
import { givenSettings, type SettingFlags } from '../settings/settings-source.ts';
import { watchSignals } from '../signals.ts';

/** Runs the server until SIGTERM or SIGINT, then drains it. A second signal ends it at once. */
export async function serve(flags: SettingFlags): Promise<void> {
  const { env } = await givenSettings(flags);
  const server = await startServer(env);
  console.log(`dashcache listens on ${server.origin}`);
  for (const line of describe(server)) console.log(`  ${line}`);
  const signal = await watchSignals().first;
  // Print this only now: from here on nothing is accepted.
  const closed = server.close();
  console.log(
    `${signal}: no new flights; those that are sent have ${server.config.drainTimeout / 1000} s to land`,
  );
  await closed;
  // What outlived the drain must not keep the process alive: its purchases stay open on record.
  process.exit(0);
}

/** What a person checks first: where requests go, whose key pays, who may ask, where images are stored. */
function describe({ config, keySource }: RunningServer): string[] {
  return [
    `upstream  ${config.upstream}${config.site === config.upstream ? '' : `, site ${config.site}`}`,
    `key       ${describeKey(config.auth, keySource)}`,
    `auth      ${config.auth}, scope ${config.scope}`,
    `data      ${resolve(config.data)}`,
  ];
}

function describeKey(auth: RunningServer['config']['auth'], source: string | undefined): string {
  if (auth === 'passthrough') return "each client's own";
  if (source !== undefined) return `from ${source}`;
  return auth === 'local'
    ? 'none found: each client must send its own'
    : 'none found: nobody can be answered until DASHSCOPE_API_KEY is set';
}
