import { LRUCache } from 'lru-cache';
import type { Entry } from '../../core/entries/entry.ts';
import { compareRecipes, type RecipeDifference } from '../../core/recipe/recipe-difference.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { ImageRequest } from '../image-request.ts';
import type { EntryIntegrity } from './entry-integrity.ts';
import type { EntryStore } from './entry-store.ts';
import type { UsageRecorder } from './usage-recorder.ts';

type Wanted = Pick<ImageRequest, 'site' | 'scope' | 'key' | 'recipe' | 'directives'>;

/** A stored entry of which there is something to say. */
export interface InspectedEntry {
  readonly entry: Entry;
  /** Older than entries may become here. */
  readonly isOver: boolean;
  /** Every picture is there. */
  readonly isWhole: boolean;
}

/** A stored entry beside a request; `left` of each difference is the request's. */
export interface NearEntry {
  readonly entry: Entry;
  readonly differences: readonly RecipeDifference[];
}

/** Entries of the scope that a request is compared with. */
const NEAREST_CANDIDATES = 100;

/** Collaborators of `EntryFinder`. */
export interface EntryFinderDeps {
  readonly entries: EntryStore;
  readonly integrity: EntryIntegrity;
  readonly usage: UsageRecorder;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** Finds the entry that answers a request: the right one by recipe, young enough, and with every picture there. */
export class EntryFinder {
  readonly #deps: EntryFinderDeps;
  readonly #maxAgeMs: number | undefined;
  /** The take that was handed out last, per recipe: takes rotate. Of what is not known here the rows tell it. */
  readonly #lastTake = new LRUCache<string, number>({ maxSize: 10_000, sizeCalculation: () => 1 });

  constructor(deps: EntryFinderDeps, maxAgeMs: number | undefined) {
    this.#deps = deps;
    this.#maxAgeMs = maxAgeMs;
  }

  /** The newest entry, the take asked for by number, or with `rotates` the stored take whose turn it is. */
  async find(wanted: Wanted, rotates: boolean): Promise<Entry | undefined> {
    const entry = await this.#select(wanted, { rotates, takesTurn: rotates });
    if (entry === undefined || this.#isOver(entry)) return undefined;
    return (await this.#deps.integrity.ensureWhole(entry)) ? entry : undefined;
  }

  /**
   * True when `find` would give this entry again without asking anything: it is the newest in memory, not over, and its
   * pictures were there a moment ago. What the answer to a repeated request may rest on.
   */
  isCurrent(entry: Entry): boolean {
    return this.#deps.entries.isNewest(entry) && !this.#isOver(entry) && this.#deps.integrity.wasWhole(entry);
  }

  /** Counts the use of an entry by a request that did not pay for it. */
  used(entry: Entry): void {
    this.#deps.usage.used(entry.id);
    const { model, scope, cost, elapsedMs } = entry;
    this.#deps.reporter.report({ type: 'avoided', model, scope, cost, elapsedMs });
  }

  /** The entry that `find` would look at, and why it may not do. Fetches nothing, drops nothing, and takes no turn. */
  async inspect(wanted: Wanted, rotates: boolean): Promise<InspectedEntry | undefined> {
    const entry = await this.#select(wanted, { rotates, takesTurn: false });
    if (entry === undefined) return undefined;
    return { entry, isOver: this.#isOver(entry), isWhole: await this.#deps.integrity.isWhole(entry) };
  }

  /** The nearest recipes of the caller's own scope, each by its newest entry; those that differ in the fewest fields first. */
  async nearest({ site, scope, recipe }: Omit<Wanted, 'key' | 'directives'>): Promise<readonly NearEntry[]> {
    const { model, prompt } = recipe;
    const candidates = await this.#deps.entries.nearest({
      site,
      scope,
      model,
      prompt,
      limit: NEAREST_CANDIDATES,
    });
    return candidates
      .filter(({ key }, index) => candidates.findIndex((other) => other.key === key) === index)
      .map((entry) => ({ entry, differences: compareRecipes(recipe.canonical, entry.canonical) }))
      .sort((a, b) => a.differences.length - b.differences.length);
  }

  /** What the nearest entry of the caller's own scope differs in, in words. */
  async describeNearest(wanted: Wanted): Promise<string> {
    const [nearest] = await this.nearest(wanted);
    if (nearest === undefined) return `Nothing of ${wanted.recipe.model} is stored for this caller.`;
    if (nearest.differences.length === 0) {
      return 'The very same is stored, but the directives of this request keep it from being used.';
    }
    const fields = nearest.differences.map(({ field }) => field);
    return `The nearest stored entry differs in: ${fields.join(', ')}.`;
  }

  async #select(
    { site, scope, key, recipe, directives }: Wanted,
    { rotates, takesTurn }: { readonly rotates: boolean; readonly takesTurn: boolean },
  ): Promise<Entry | undefined> {
    const address = { site, scope, key, canonical: recipe.canonical };
    if (directives.take !== undefined) return await this.#deps.entries.findTake(address, directives.take);
    if (!rotates) return await this.#deps.entries.findNewest(address);
    const takes = await this.#deps.entries.listTakes(address);
    // By key, as takes are numbered; the canonical text may be megabytes.
    const turn = `${site}\n${scope}\n${key}`;
    const last = this.#lastTake.get(turn) ?? (await this.#deps.entries.lastUsedTake(address)) ?? 0;
    const next = takes.find((take) => take > last) ?? takes[0];
    if (next === undefined) return undefined;
    if (takesTurn) this.#lastTake.set(turn, next);
    return await this.#deps.entries.findTake(address, next);
  }

  #isOver(entry: Entry): boolean {
    return (
      this.#maxAgeMs !== undefined &&
      !entry.pinned &&
      this.#deps.clock.now() - entry.createdAt > this.#maxAgeMs
    );
  }
}
