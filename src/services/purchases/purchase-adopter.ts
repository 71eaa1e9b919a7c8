import type { Clock } from '../../ports/clock.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { EntryStore } from '../entries/entry-store.ts';
import type { TaskStore } from '../tasks/task-store.ts';
import { Flight } from './flight.ts';
import type { FlightRegistry } from './flight-registry.ts';
import type { Purchase } from './purchase.ts';
import { PurchaseRecord, type PurchaseRecordDeps } from './purchase-record.ts';
import type { PurchaseStore } from './purchase-store.ts';

/** The key that this server may ask about a purchase's job with. */
export interface OwnKeys {
  keyFor(purchase: Pick<Purchase, 'account' | 'scope'>): Promise<string | undefined>;
}

/** Collaborators of `PurchaseAdopter`. */
export interface PurchaseAdopterDeps {
  readonly store: PurchaseStore;
  readonly tasks: TaskStore;
  readonly entries: Pick<EntryStore, 'findNewest'>;
  readonly registry: FlightRegistry;
  readonly keys: OwnKeys;
  readonly recording: PurchaseRecordDeps;
  readonly clock: Pick<Clock, 'now'>;
}

/** Answers whose files are fetched at once after a start: each fetch has its own time limit. */
const LANES = 16;

/** Puts rows that nobody here drives into the machine: those of a process, or a Durable Object, that is gone. */
export class PurchaseAdopter {
  readonly #deps: PurchaseAdopterDeps;

  constructor(deps: PurchaseAdopterDeps) {
    this.#deps = deps;
  }

  /** All that go on. They are in the air once this resolves, so that who asks for them again joins them. */
  async adoptAll(): Promise<void> {
    const lanes: Promise<unknown>[] = [];
    for (const [index, row] of (await this.#deps.store.listOpen()).entries()) {
      const flight = await this.#adopt(row, lanes[index % LANES]);
      if (flight !== undefined && flight.state === 'answered')
        lanes[index % LANES] = flight.outcome.catch(() => undefined);
    }
    this.#deps.registry.retry();
  }

  /**
   * Those of one recipe. With a time, of what is not answered only what was sent before it: the rest may be in the hands of
   * another object, since a recipe can be asked for where it is not at home.
   */
  async adoptRecipe(recipe: RecipeAddress, sentBefore = Number.POSITIVE_INFINITY): Promise<void> {
    for (const row of await this.#deps.store.listOpenOf(recipe)) {
      const isOurs = row.state === 'accepted' || row.state === 'answered' || row.updatedAt < sentBefore;
      if (isOurs) await this.#adopt(row);
    }
    this.#deps.registry.retry();
  }

  /** One of them; undefined when it has ended, or there is none. */
  async adopt(id: string): Promise<Flight | undefined> {
    const row = await this.#deps.store.find(id);
    return row === undefined ? undefined : await this.#adopt(row);
  }

  async #adopt(row: Purchase, turn?: Promise<unknown>): Promise<Flight | undefined> {
    const { registry, tasks, entries, keys, recording } = this.#deps;
    const interested = await tasks.countOpen(row.id);
    const apiKey = await keys.keyFor(row);
    const isFirst = row.identity !== undefined && (await entries.findNewest(row.identity)) === undefined;
    const known = registry.find(row.id);
    if (known !== undefined) return known;
    const record = PurchaseRecord.of(recording, row);
    const sharing = { take: row.identity?.take, isFirst, isOpen: true };
    const flight = new Flight(record, { apiKey, sharing });
    if (flight.isOver) return undefined;
    flight.interested = interested;
    flight.turn = turn;
    registry.add(flight);
    registry.launch(flight);
    return flight;
  }
}
