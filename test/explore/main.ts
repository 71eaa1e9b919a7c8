import { parseArgs } from 'node:util';
import { explore } from './explore.ts';
import { MIXES } from './mixes.ts';
import { planOf } from './plan.ts';
import { shrink } from './shrink.ts';
import { Ground } from './world/world.ts';

/** `npm run explore -- --seed 1 --schedules 1000000 --mix full`; one failing seed by itself with `--schedules 1 --trace`. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    schedules: { type: 'string', default: '1000' },
    mix: { type: 'string', default: 'full' },
    length: { type: 'string', default: '24' },
    failures: { type: 'string', default: '1' },
    trace: { type: 'boolean', default: false },
  },
});

const mix = MIXES[values.mix];
if (mix === undefined) throw new Error(`--mix must be one of ${Object.keys(MIXES).join(', ')}`);
const first = Number(values.seed);
const count = Number(values.schedules);
// Stacks of the many errors that schedules cause on purpose are of no use and take most of the time.
Error.stackTraceLimit = 0;
const ground = await Ground.open();
const began = performance.now();
let steps = 0;
let failures = 0;
for (let seed = first; seed < first + count && failures < Number(values.failures); seed++) {
  const plan = planOf(seed, mix, Number(values.length));
  const run = await explore(ground, plan);
  steps += run.steps;
  if (run.violation === undefined) continue;
  failures += 1;
  const shortest = await shrink(ground, plan);
  console.log(`seed ${seed} (--mix ${values.mix} --length ${values.length}): ${run.violation.message}`);
  console.log(
    `  the same with ${shortest.plan.actions.length} of ${plan.actions.length} actions:`,
    shortest.violation.message,
  );
  for (const action of shortest.plan.actions) console.log(`    ${JSON.stringify(action)}`);
  if (values.trace) console.log(shortest.trace.join('\n'));
}
const seconds = (performance.now() - began) / 1000;
console.log(
  `${count} schedules from seed ${first}, ${steps} steps, ${seconds.toFixed(1)} s, ${failures} failures`,
);
ground.close();
process.exitCode = failures > 0 ? 1 : 0;
