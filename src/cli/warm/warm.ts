import { AppError } from '../../core/errors.ts';
import { describeRefusal, refused } from '../client/error-body.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { EXIT } from '../exit-codes.ts';
import { inParallel } from '../in-parallel.ts';
import { MoneySum } from '../money.ts';
import { readText } from '../request-argument.ts';
import { progressStyle } from '../terminal/progress-style.ts';
import { Purse, parseBudget } from './budget.ts';
import {
  checkLine,
  type LineFailure,
  type PlannedPurchase,
  planOf,
  splitLines,
  type WarmPlan,
} from './warm-plan.ts';
import { describeFailure, showWarming } from './warm-progress.ts';

export interface WarmFlags extends ServerFlags {
  readonly concurrency: string;
  readonly budget?: string;
  readonly allowUnknownCost?: boolean;
  readonly dryRun?: boolean;
  readonly scope?: string;
  readonly json?: boolean;
}

/** What became of the purchases. */
interface Warmed {
  readonly bought: number;
  readonly spent: MoneySum;
  readonly failed: readonly LineFailure[];
  /** Not begun, because the budget was too small. */
  readonly left: number;
}

/** Lookups at once: they cost nothing and do not wait for upstream. */
const CHECKS_AT_ONCE = 8;

const NOTHING_BOUGHT: Warmed = { bought: 0, spent: new MoneySum(), failed: [], left: 0 };

/**
 * Fills the cache with what a file asks for. Stored images are hits and cost nothing: to continue after any interruption,
 * give the same file again.
 */
export async function warm(path: string, flags: WarmFlags): Promise<void> {
  const json = flags.json === true;
  const concurrency = parseConcurrency(flags.concurrency);
  const budget = flags.budget === undefined ? undefined : parseBudget(flags.budget);
  const lines = splitLines(await readText(path));
  await withServer(flags, { durableUrls: true }, async (server, stopping) => {
    const client = new ServerClient(server);
    const checked = await inParallel(lines, CHECKS_AT_ONCE, (line) => checkLine(client, line, flags));
    const plan = planOf(lines, checked);
    const say = json ? () => {} : (line: string) => console.error(line);
    say(describePlan(plan));
    for (const failure of plan.failed) say(describeFailure(failure));
    const costs = plan.purchases.map(({ cost }) => cost);
    const purse = new Purse(budget, costs, flags.allowUnknownCost === true);
    const warmed =
      flags.dryRun === true
        ? NOTHING_BOUGHT
        : await buyAll(client, plan.purchases, { purse, concurrency, stopping, json });
    await client.close();
    const failed = [...plan.failed, ...warmed.failed];
    if (json) console.log(JSON.stringify({ ...plan, forecast: MoneySum.of(costs), ...warmed, failed }));
    else if (flags.dryRun !== true) console.log(describeWarmed(warmed, failed.length));
    if (failed.length + warmed.left > 0) process.exitCode = EXIT.partial;
  });
}

async function buyAll(
  client: ServerClient,
  purchases: readonly PlannedPurchase[],
  {
    purse,
    concurrency,
    stopping,
    json,
  }: { purse: Purse; concurrency: number; stopping: AbortSignal; json: boolean },
): Promise<Warmed> {
  const spent = new MoneySum();
  const failed: LineFailure[] = [];
  let bought = 0;
  let left = 0;
  const progress = showWarming(progressStyle(json), purchases.length);
  stopping.addEventListener('abort', () => progress.end());
  const work = async (purchase: PlannedPurchase) => {
    // Once over the budget, stop for good: a cheaper line further down must not overtake.
    if (stopping.aborted || left > 0 || !purse.take(purchase.cost)) {
      left += 1;
      return;
    }
    const end = await buy(client, purchase);
    if (stopping.aborted) return;
    if (end.isPaid) spent.add(purchase.cost);
    else purse.giveBack(purchase.cost);
    if (end.problem === undefined) {
      bought += 1;
      progress.bought(purchase);
    } else {
      const failure = { line: purchase.line, message: end.problem };
      failed.push(failure);
      progress.failed(failure);
    }
  };
  await inParallel(purchases, concurrency, work).finally(() => progress.end());
  return { bought, spent, failed, left };
}

/** Says whether it was, or may have been, paid for, and what went wrong. Throws failures that every purchase would have. */
async function buy(
  client: ServerClient,
  { path, text }: PlannedPurchase,
): Promise<{ readonly isPaid: boolean; readonly problem: string | undefined }> {
  const answer = await client.post(path, text);
  if (answer.status === 401 || answer.status === 403)
    throw refused(answer.status, answer.text, client.origin);
  if (answer.status !== 200) {
    return {
      // Upstream's refusals cost nothing. Its failures may have cost something.
      isPaid: answer.status >= 500,
      problem: describeRefusal(answer.status, answer.text, client.origin),
    };
  }
  const isPaid = answer.cache === 'MISS' || answer.cache === 'BYPASS';
  const isKept = !isPaid || answer.isStored;
  return { isPaid, problem: isKept ? undefined : 'it was paid for, but could not be kept' };
}

function describePlan({ lines, stored, repeated, purchases, failed }: WarmPlan): string {
  const forecast = MoneySum.of(purchases.map(({ cost }) => cost));
  return [
    `${lines} ${lines === 1 ? 'request' : 'requests'}: ${stored + repeated} expected hits`,
    `${purchases.length} to buy for ${forecast}`,
    ...(failed.length === 0 ? [] : [`${failed.length} that cannot be warmed`]),
  ].join(', ');
}

function describeWarmed({ bought, spent, left }: Warmed, failed: number): string {
  return [
    `${bought} bought, spent ${spent}`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(left === 0 ? [] : [`${left} left: the budget does not suffice`]),
  ].join(', ');
}

function parseConcurrency(text: string): number {
  const value = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (value < 1) throw new AppError('config', '--concurrency must be a whole number from 1 to 9999.');
  return value;
}
