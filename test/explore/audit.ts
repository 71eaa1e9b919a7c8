import { type Ask, CLIENTS, type ClientName } from './clients.ts';
import { costOf, type Draw } from './world/bill.ts';
import { OWN_KEY, type Process } from './world/process.ts';
import { type KnownRecipe, RECIPES } from './world/recipes.ts';
import type { World } from './world/world.ts';

/** Nobody pays twice: no more good generations of a recipe than were asked for and than entries were removed. */
export function auditPurchases(world: World, asks: readonly Ask[]): void {
  world.vendor.jobs.advance();
  for (const client of CLIENTS) {
    for (const recipe of RECIPES) auditRecipe(world, asks, client, recipe);
  }
}

function auditRecipe(world: World, asks: readonly Ask[], client: ClientName, recipe: KnownRecipe): void {
  const account = client === 'own' ? 'sk-own' : 'sk-guest';
  const draws = world.vendor.bill.draws.filter((draw) => draw.account === account && draw.recipe === recipe);
  const paid = draws.filter(({ isExcused }) => !isExcused);
  const all = asks.filter((ask) => ask.client === client && ask.recipe === recipe);
  const wanted = all.filter(({ state }) => state !== 'canceled').map(({ wish }) => wish);
  // Somebody who wants any take may be the one for whom another's goes on that was canceled.
  const wishes = wanted.includes('plain') ? all.map(({ wish }) => wish) : wanted;
  const takes = new Set(
    wishes.flatMap((wish) => (wish === 'plain' || wish === 'take-1' ? [1] : wish === 'take-2' ? [2] : [])),
  );
  const afresh = wishes.filter((wish) => wish === 'no-cache' || wish === 'no-store' || wish === 'max-age');
  const removed = world.removed.filter(
    ({ scope, canonical }) => scope === client && canonical === recipe.canonical,
  );
  // A store that can't be reached makes a miss.
  const blind = world.unseen.get(recipe.canonical) ?? 0;
  const allowed = takes.size + afresh.length + removed.length + blind;
  if (paid.length <= allowed) return;
  world.fail(
    'paid-twice',
    `${client} paid ${paid.length} times for ${recipe.name} (draws ${paid.map(({ number }) => number)}), where ${allowed} were asked for`,
  );
}

/** What the ledger counts is what upstream has charged for, but for what nobody can know of. */
export async function auditMoney(world: World, process: Process): Promise<void> {
  const { draws } = world.vendor.bill;
  const sum = (money: string) =>
    draws.filter((draw) => draw.money === money).reduce((total, draw) => total + costOf(draw), 0);
  // A job that an earlier process had left goes on when somebody of its account buys something; until then it is not counted.
  const isLeft = (draw: Draw) => draw.money === 'open' && !draw.isDelivered && draw.account !== OWN_KEY;
  const either = draws.filter((draw) => (draw.money === 'either' && !draw.isOdd) || isLeft(draw));
  const counted =
    sum('counted') + sum('open') - draws.filter(isLeft).reduce((total, draw) => total + costOf(draw), 0);
  const spent = await process.spent();
  // Whether what is on the edge was counted, each by itself.
  const possible = new Set([counted]);
  for (const draw of either) for (const total of [...possible]) possible.add(total + costOf(draw));
  if (!possible.has(spent.amount))
    world.fail('money', `the ledger counts ${spent.amount}, the bill is ${[...possible].join(' or ')}`);
}

/** What may have been drawn, and was never answered, is reported as unknown: nobody has to wonder. */
export async function auditUnknown(world: World): Promise<void> {
  // A store in trouble may have kept it from being written, and a crash then made it forgotten.
  if (world.storage.troubles > 0) return;
  const lost = world.vendor.bill.draws.filter(({ money }) => money === 'unseen');
  const reported = await world.tables.unknownPurchases();
  if (reported >= lost.length) return;
  world.fail(
    'unreported',
    `${lost.length} generations came to nothing that is known (draws ${lost.map(({ number }) => number)}), and ${reported} are reported as unknown`,
  );
}

/** Whatever was odd is counted, at an unknown price. */
export async function auditUnpriced(world: World, process: Process): Promise<void> {
  const odd = world.vendor.bill.draws.filter(({ money, isDelivered }) => money === 'unpriced' && isDelivered);
  const { unpriced } = await process.spent();
  if (unpriced < odd.length)
    world.fail(
      'money',
      `the ledger counts ${unpriced} generations without a price, the bill has ${odd.length}`,
    );
}
