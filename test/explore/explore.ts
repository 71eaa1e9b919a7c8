import { auditMoney, auditPurchases, auditUnknown, auditUnpriced } from './audit.ts';
import { type Ask, Clients } from './clients.ts';
import type { Action, Plan } from './plan.ts';
import { Random } from './random.ts';
import { type Assembly, Process } from './world/process.ts';
import { RECIPES } from './world/recipes.ts';
import { drain } from './world/steps.ts';
import { type Ground, type Violation, World } from './world/world.ts';

/** What became of one schedule. */
export interface Exploration {
  readonly violation: Violation | undefined;
  readonly trace: readonly string[];
  readonly steps: number;
  /** Generations that upstream has charged for. */
  readonly draws: number;
}

const MAX_STEPS = 20_000;
/** Within this time of the world every waiter has been answered, whatever happened before. */
const PATIENCE_MS = 2 * 60 * 60 * 1000;

/** Runs one schedule to its end, and then asks for everything again. */
export async function explore(ground: Ground, plan: Plan, assemble?: Assembly): Promise<Exploration> {
  ground.begin();
  const run = new Run(new World(ground, new Random(plan.seed + 0x5eed), plan.maxBytes), assemble);
  try {
    await run.all(plan);
    const { violation, steps, vendor } = run.world;
    return { violation, trace: steps.trace, steps: run.steps, draws: vendor.bill.draws.length };
  } finally {
    await run.stop();
    ground.end();
  }
}

class Run {
  readonly world: World;
  steps = 0;
  readonly #clients: Clients;
  readonly #assemble: Assembly | undefined;
  #process: Process;
  #lives = 1;

  constructor(world: World, assemble: Assembly | undefined) {
    this.world = world;
    this.#clients = new Clients(world);
    this.#assemble = assemble;
    this.#process = Process.start(world, this.#lives, assemble);
  }

  async all(plan: Plan): Promise<void> {
    await drain();
    await this.#disturbed(plan);
    this.#calm();
    await this.#until(
      'every waiter is answered',
      () => this.#process.isUp && this.#clients.waiting.length === 0,
    );
    await this.#rounds();
    await this.#pollAll();
    await this.#askAgain('plain');
    this.world.vendor.jobs.advance();
    auditPurchases(this.world, this.#clients.asks);
    await this.#rounds();
    await this.#audit(async () => {
      await auditMoney(this.world, this.#process);
      await auditUnpriced(this.world, this.#process);
      await auditUnknown(this.world);
    });
    this.#crash(false);
    await this.#askAgain('only-if-cached');
    auditPurchases(this.world, this.#clients.asks);
  }

  async stop(): Promise<void> {
    await this.world.steps.end(this.#process.life, undefined);
    await this.world.looked();
  }

  /** The schedule itself: whose turn it is, what happens and how time passes is the seed's. */
  async #disturbed({ actions, isSlow }: Plan): Promise<void> {
    const { random, steps, time } = this.world;
    const left = [...actions];
    while (left.length > 0 && this.#goesOn()) {
      if (this.#process.life.isOver) this.#restart();
      if (steps.waiting > 0 && random.chance(0.93)) await this.#step();
      else if (time.nextWaking !== undefined && random.chance(steps.waiting === 0 ? 0.3 : isSlow ? 0.1 : 0))
        await time.wakeNext();
      else await this.#act(left, isSlow);
    }
  }

  async #act(left: Action[], isSlow: boolean): Promise<void> {
    const { steps } = this.world;
    const next = left[0];
    if (next === undefined) return;
    const needsProcess = next.kind === 'ask' || next.kind === 'purge' || next.kind === 'round';
    const mustWait = (needsProcess && !this.#process.isUp) || (next.kind === 'wait' && !isSlow);
    if (mustWait && steps.waiting > 0) {
      await this.#step();
      return;
    }
    left.shift();
    steps.note(`== ${JSON.stringify(next)}`);
    await this.#do(next, isSlow);
    await drain();
  }

  async #do(action: Action, isSlow: boolean): Promise<void> {
    const { world } = this;
    const process = this.#process;
    switch (action.kind) {
      case 'ask': {
        const recipe = RECIPES.find(({ name }) => name === action.recipe);
        if (recipe === undefined || !process.isUp) return;
        this.#clients.ask(process, action.client, recipe, action.wish, action.asTask);
        return;
      }
      case 'leave': {
        const ask = pick(this.#clients.waiting, action.which);
        if (ask !== undefined) this.#clients.leave(ask);
        return;
      }
      case 'poll':
      case 'cancel': {
        const ask = pick(this.#tasks(), action.which);
        if (ask === undefined || !process.isUp) return;
        const work =
          action.kind === 'poll' ? this.#clients.poll(process, ask) : this.#clients.cancel(process, ask);
        work.catch(() => undefined);
        return;
      }
      case 'purge':
        if (process.isUp) process.purge(action.scope).catch(() => undefined);
        return;
      case 'import': {
        const recipe = RECIPES.find(({ name }) => name === action.recipe);
        if (process.isUp && recipe !== undefined) process.import(action.scope, recipe).catch(() => undefined);
        return;
      }
      case 'verify':
        if (process.isUp) process.verify().catch(() => undefined);
        return;
      case 'round':
        if (process.isUp) process.round().catch(() => undefined);
        return;
      case 'crash':
        this.#crash(action.lastTakesEffect);
        return;
      case 'trouble':
        world.storage.harm(action.of, action.trouble, action.calls);
        return;
      case 'send':
        world.vendor.sendFates.push(action.fate);
        return;
      case 'answer-polls':
        for (let time = 0; time < action.times; time++) world.vendor.pollFates.push(action.fate);
        return;
      case 'away':
        world.host.away = action.requests;
        return;
      case 'wait':
        if (isSlow) await world.time.advance(action.ms);
        else await this.#pass(action.ms);
        return;
    }
  }

  async #step(): Promise<void> {
    const { steps, storage, random } = this.world;
    this.steps += 1;
    await steps.next(random);
    await this.world.looked();
    if (steps.waiting === 0 && storage.isHealthy) this.world.settleMoney();
  }

  #goesOn(): boolean {
    return this.world.violation === undefined && this.steps < MAX_STEPS;
  }

  #crash(lastTakesEffect: boolean): void {
    const { world } = this;
    world.steps.note(`== crash of ${this.#lives}`);
    const { life } = this.#process;
    life.isOver = true;
    void world.steps
      .end(life, lastTakesEffect ? world.random : undefined)
      .then(() => world.looked())
      .then(() => {
        life.isGone = true;
      });
    world.crashed();
    this.#clients.crashed();
    this.#restart();
  }

  #restart(): void {
    this.#lives += 1;
    this.#process = Process.start(this.world, this.#lives, this.#assemble);
  }

  /** From now on all is well. */
  #calm(): void {
    const { world } = this;
    world.steps.note('== all is well');
    world.storage.heal();
    world.host.away = 0;
    world.vendor.sendFates.length = 0;
    world.vendor.pollFates.length = 0;
    if (this.#process.life.isOver) this.#restart();
  }

  /** Lets everything go on until something holds. It must, in time. */
  async #until(what: string, holds: () => boolean): Promise<void> {
    const { steps, time } = this.world;
    const end = time.now() + PATIENCE_MS;
    await drain();
    while (!holds() && this.world.violation === undefined) {
      if (this.#process.life.isOver) this.#restart();
      if (steps.waiting > 0) await this.#step();
      else if (time.nextWaking !== undefined && time.nextWaking <= end) await time.wakeNext();
      else this.world.fail('unanswered', `not in time: ${what}`);
      if (this.steps > MAX_STEPS) this.world.fail('unanswered', `no end of steps: ${what}`);
    }
  }

  /** Does some work to its end. */
  async #audit(work: () => Promise<void>): Promise<void> {
    let isDone = false;
    work().then(
      () => {
        isDone = true;
      },
      (error: unknown) => this.world.fail('unanswered', `fails though all is well: ${error}`),
    );
    await this.#until('an audit ends', () => isDone);
  }

  /** What a server does by itself, until there is nothing left to do. */
  async #rounds(): Promise<void> {
    for (let round = 0; round < 2 && this.world.violation === undefined; round++) {
      await this.#pass(6 * 60 * 1000);
      await this.#audit(() => this.#process.round());
    }
  }

  /** Lets time pass in which nothing has to wait for its turn. */
  async #pass(ms: number): Promise<void> {
    const { steps, time } = this.world;
    const end = time.now() + ms;
    await this.#until('it is quiet', () => steps.waiting === 0);
    while (time.nextWaking !== undefined && time.nextWaking <= end && this.world.violation === undefined) {
      await time.wakeNext();
      await this.#until('it is quiet', () => steps.waiting === 0);
    }
    await time.advance(Math.max(0, end - time.now()));
  }

  #tasks(): readonly Ask[] {
    return this.#clients.asks.filter(({ state }) => state === 'submitted');
  }

  /** Every task that was taken comes to an end that its client is told. */
  async #pollAll(): Promise<void> {
    for (let round = 0; this.#tasks().length > 0 && this.world.violation === undefined; round++) {
      if (round > 30) {
        this.world.fail('unanswered', `tasks do not end: ${this.#tasks().map(({ taskId }) => taskId)}`);
        return;
      }
      const polled = this.#tasks();
      await this.#audit(async () => {
        for (const ask of polled) await this.#clients.poll(this.#process, ask);
      });
      await this.#pass(30_000);
    }
  }

  async #askOnce(client: Ask['client'], recipe: Ask['recipe'], wish: Ask['wish']): Promise<Ask> {
    const ask = this.#clients.ask(this.#process, client, recipe, wish, false);
    await this.#until('every waiter is answered', () => this.#clients.waiting.length === 0);
    return ask;
  }

  /** Whatever was asked for and not kept from being stored is a hit now, or is bought now; then it is a hit. */
  async #askAgain(wish: 'plain' | 'only-if-cached'): Promise<void> {
    await this.#until('it is up', () => this.#process.isUp);
    const asked = new Set(
      this.#clients.asks
        .filter((ask) => wish === 'plain' || ask.wish === 'plain')
        .map(({ client, recipe }) => `${client} ${recipe.name}`),
    );
    const again: Ask[] = [];
    for (const { client, recipe } of [...this.#clients.asks]) {
      if (!asked.delete(`${client} ${recipe.name}`)) continue;
      let ask = await this.#askOnce(client, recipe, wish);
      if (!ask.end.startsWith('entry') && wish === 'plain') {
        // What an earlier process had left came to nothing (canceled, gone, no image): asking for it brought that out.
        await this.#rounds();
        ask = await this.#askOnce(client, recipe, wish);
      }
      again.push(ask);
    }
    for (const ask of again) {
      if (ask.state === 'answered' && ask.end.startsWith('entry')) continue;
      if (this.world.maxBytes !== undefined && wish === 'only-if-cached') continue;
      this.world.fail(
        'lost',
        `${ask.client} asks for ${ask.recipe.name} again (${wish}) and gets: ${ask.end || ask.state}`,
      );
    }
  }
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(1, from.length)];
}
