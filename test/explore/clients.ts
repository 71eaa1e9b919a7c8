import { type Directives, NO_DIRECTIVES } from '../../src/core/cache/directives.ts';
import type { Entry } from '../../src/core/entries/entry.ts';
import { isAppError } from '../../src/core/errors.ts';
import type { Principal } from '../../src/core/principal.ts';
import type { ImageOutcome, ImageRequest } from '../../src/services/image-request.ts';
import { OWN_KEY, type Process } from './world/process.ts';
import { type KnownRecipe, readImage } from './world/recipes.ts';
import type { World } from './world/world.ts';

/** What a client asks of the cache. */
export type Wish = 'plain' | 'no-cache' | 'no-store' | 'only-if-cached' | 'max-age' | 'take-1' | 'take-2';

export const CLIENTS = ['own', 'guest'] as const;
export type ClientName = (typeof CLIENTS)[number];

/** One request of one client, from its asking to its end. */
export interface Ask {
  readonly client: ClientName;
  readonly recipe: KnownRecipe;
  readonly wish: Wish;
  readonly asTask: boolean;
  readonly hangUp: AbortController;
  /** `lost`: its process died. `left`: it hung up. */
  state: 'waiting' | 'submitted' | 'answered' | 'failed' | 'lost' | 'left' | 'canceled';
  /** Generations that upstream had charged for when it was asked. */
  readonly drawnBefore: number;
  /** Of a task. */
  taskId: string | undefined;
  /** What came, for who reads a failure. */
  end: string;
}

const WISHES: Readonly<Record<Wish, Partial<Directives>>> = {
  plain: {},
  'no-cache': { noCache: true },
  'no-store': { noStore: true },
  'only-if-cached': { onlyIfCached: true },
  'max-age': { maxAgeSeconds: 1 },
  'take-1': { take: 1 },
  'take-2': { take: 2 },
};

/** The clients, and what each has asked for and got. */
export class Clients {
  readonly asks: Ask[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  ask(process: Process, client: ClientName, recipe: KnownRecipe, wish: Wish, asTask: boolean): Ask {
    const ask: Ask = {
      ...{ client, recipe, wish, asTask, hangUp: new AbortController() },
      drawnBefore: this.#world.vendor.bill.draws.length,
      ...{ state: 'waiting', taskId: undefined, end: '' },
    };
    this.asks.push(ask);
    void this.#go(process, ask);
    return ask;
  }

  async poll(process: Process, ask: Ask): Promise<void> {
    if (ask.taskId === undefined) return;
    const view = await process.services.tasks.find(ask.taskId, await principalOf(process, ask.client));
    if (process.life.isOver) return;
    if (view === undefined) {
      if (ask.state === 'submitted' && !this.#wasRemoved(ask))
        this.#world.fail('unanswered', `task ${ask.taskId} is forgotten`);
      ask.state = 'answered';
      return;
    }
    if (view.state === 'PENDING' || view.state === 'RUNNING') return;
    if (ask.state !== 'submitted') return;
    ask.state = view.state === 'SUCCEEDED' ? 'answered' : 'failed';
    ask.end = `${view.state} ${view.task.body ?? ''}`;
    if (view.entry !== undefined) await this.#check(process, ask, view.entry);
  }

  async cancel(process: Process, ask: Ask): Promise<void> {
    if (ask.taskId === undefined || ask.state !== 'submitted') return;
    const verdict = await process.services.tasks.cancel(ask.taskId, await principalOf(process, ask.client));
    if (process.life.isOver || verdict?.kind !== 'canceled') return;
    ask.state = 'canceled';
  }

  leave(ask: Ask): void {
    if (ask.state !== 'waiting' || ask.asTask) return;
    ask.state = 'left';
    ask.hangUp.abort(new Error('the client hung up'));
  }

  /** Whoever waits for a process that is gone hears nothing more. */
  crashed(): void {
    for (const ask of this.asks) if (ask.state === 'waiting') ask.state = 'lost';
  }

  get waiting(): readonly Ask[] {
    return this.asks.filter(({ state }) => state === 'waiting');
  }

  async #go(process: Process, ask: Ask): Promise<void> {
    const world = this.#world;
    try {
      const request = await requestOf(process, ask);
      if (ask.asTask) {
        const submission = await process.services.tasks.submit(request, 'choices');
        if (process.life.isOver) return;
        if (submission.kind === 'task') {
          ask.taskId = submission.id;
          ask.state = 'submitted';
        } else {
          ask.state = 'failed';
          ask.end = `relay ${submission.answer.status}`;
        }
        return;
      }
      const outcome = await process.services.images.generate(request);
      if (process.life.isOver) return;
      if (ask.state === 'waiting') ask.state = 'answered';
      ask.end = describe(outcome);
      world.steps.note(`   ${ask.client} ${ask.recipe.name} ${ask.wish}: ${ask.end}`);
      if (outcome.kind === 'entry') await this.#check(process, ask, outcome.entry);
      else this.#checkRelayed(ask, outcome);
    } catch (error) {
      if (process.life.isOver) return;
      if (ask.state === 'waiting') ask.state = 'failed';
      ask.end = isAppError(error) ? error.code : String(error);
      world.steps.note(`   ${ask.client} ${ask.recipe.name} ${ask.wish} fails: ${ask.end}`);
      if (!isAppError(error) && !ask.hangUp.signal.aborted)
        world.fail('unanswered', `an answer that is no AppError: ${error}`);
    }
  }

  /** What an entry shows is what was asked for, whole. */
  async #check(process: Process, ask: Ask, entry: Entry): Promise<void> {
    const { canonical, count } = ask.recipe;
    if (entry.canonical !== canonical)
      this.#world.fail('wrong-image', `${ask.recipe.name} was answered with ${entry.canonical}`);
    if (entry.images.length !== count)
      this.#world.fail(
        'wrong-image',
        `${ask.recipe.name} was answered with ${entry.images.length} images instead of ${count}`,
      );
    if (entry.scope !== ask.client)
      this.#world.fail('wrong-image', `${ask.client} got an entry of ${entry.scope}`);
    for (const [index, { digest }] of entry.images.entries()) {
      const bytes = await this.#world.bytesOf(digest);
      const shown = bytes && readImage(bytes);
      if (shown === undefined) {
        if (!this.#wasRemoved(ask) && !process.life.isOver)
          this.#world.fail('lost', `bytes of an answer are gone: ${digest}`);
      } else if (ask.wish === 'no-cache' && shown.draw <= ask.drawnBefore) {
        this.#world.fail('wrong-image', `a request for a fresh ${ask.recipe.name} got draw ${shown.draw}`);
      } else if (shown.index !== index) {
        this.#world.fail('wrong-image', `image ${index} of ${ask.recipe.name} shows image ${shown.index}`);
      } else if (shown.canonical !== canonical) {
        this.#world.fail('wrong-image', `${ask.recipe.name} shows ${shown.canonical}`);
      }
    }
  }

  #checkRelayed(ask: Ask, { answer }: Extract<ImageOutcome, { kind: 'relay' }>): void {
    const text = new TextDecoder().decode(answer.body);
    const number = Number(/results\.example\/(\d+)\//.exec(text)?.[1] ?? 0);
    const draw = this.#world.vendor.bill.draws[number - 1];
    if (draw !== undefined && draw.recipe.canonical !== ask.recipe.canonical)
      this.#world.fail('wrong-image', `${ask.recipe.name} was answered with ${draw.recipe.name}`);
  }

  #wasRemoved({ client, recipe }: Ask): boolean {
    return this.#world.removed.some(
      ({ scope, canonical }) => scope === client && canonical === recipe.canonical,
    );
  }
}

function describe(outcome: ImageOutcome): string {
  if (outcome.kind === 'entry') return `entry ${outcome.entry.id} (${outcome.status.kind})`;
  const detail = outcome.status.kind === 'forwarded' ? (outcome.status.detail ?? '') : '';
  return `relay ${outcome.answer.status} ${detail}`;
}

async function principalOf({ services }: Process, client: ClientName): Promise<Principal> {
  const own = await services.credentials.ownAccount();
  return client === 'own' && own !== undefined
    ? { scope: client, account: own.account, apiKey: OWN_KEY, needsProof: false }
    : { scope: client, account: 'guest', apiKey: 'sk-guest', needsProof: false };
}

async function requestOf(process: Process, ask: Ask): Promise<ImageRequest> {
  const { recipe, wish, hangUp } = ask;
  const { scope, account, apiKey } = await principalOf(process, ask.client);
  const { model, canonical, key, isAsync } = recipe;
  const path = isAsync
    ? '/api/v1/services/aigc/text2image/image-synthesis'
    : '/api/v1/services/aigc/multimodal-generation/generation';
  return {
    recipe: { model, canonical, prompt: recipe.name, seedless: false },
    ...{ key, site: 'cn', scope, account, apiKey },
    directives: wish === 'plain' ? NO_DIRECTIVES : { ...NO_DIRECTIVES, ...WISHES[wish] },
    references: [],
    isAsyncUpstream: isAsync,
    call: async () => ({ path, headers: [], body: new TextEncoder().encode(canonical), apiKey }),
    hangUp: hangUp.signal,
  };
}
