import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** Writes the wrk script that posts these bodies in turn and prints one JSON line at the end. */
export async function writeScript(
  folder: string,
  name: string,
  bodies: readonly string[],
  path: string,
): Promise<string> {
  const bodiesFile = join(folder, `${name}.bodies`);
  await writeFile(bodiesFile, bodies.join('\n'));
  const script = join(folder, `${name}.lua`);
  await writeFile(
    script,
    `local bodies = {}
for line in io.lines("${bodiesFile}") do bodies[#bodies + 1] = line end
local at = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  at = at % #bodies + 1
  return wrk.format(nil, "${path}", nil, bodies[at])
end
function done(summary, latency, requests)
  local bad = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format('{"requests":%d,"us":%d,"p50":%f,"p99":%f,"errors":%d}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), bad))
end
`,
  );
  return script;
}

/** Runs wrk on the second core. */
export async function runLoad(
  url: string,
  script: string,
  seconds: number,
  connections: number,
): Promise<LoadResult> {
  const wrk = spawn(
    'taskset',
    ['-c', '1', 'wrk', '-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let output = '';
  wrk.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await once(wrk, 'close');
  const line = output.split('\n').find((text) => text.startsWith('{"requests"'));
  if (code !== 0 || line === undefined) throw new Error(`wrk failed (${code}): ${output}`);
  const result: { requests: number; us: number; p50: number; p99: number; errors: number } = JSON.parse(line);
  return {
    perSecond: result.requests / (result.us / 1e6),
    p50Ms: result.p50 / 1000,
    p99Ms: result.p99 / 1000,
    errors: result.errors,
  };
}
