import { AppError } from '../../core/errors.ts';
import { BEFORE_ALL, type Page, type PagePlace } from '../../core/pagination.ts';
import { PURCHASE_STATES, type PurchaseState } from '../../core/purchases/purchase-state.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { SqlDatabase, SqlRow, SqlStatement } from '../../ports/sql-database.ts';
import { first, integer, optionalInteger, optionalReal, optionalText, text } from '../row.ts';
import { type EntryIdentity, type Purchase, type Spent, UPSTREAM_LIFE_MS } from './purchase.ts';
import { purchaseStatements } from './purchase-statements.ts';

/** The rows of purchases. They change by `PurchaseRecord` only. */
export class PurchaseStore {
  readonly #database: SqlDatabase;

  constructor(database: SqlDatabase) {
    this.#database = database;
  }

  /** Writes a transition with all that belongs to it, or nothing. Errors: `constraint` when the row is in another state. */
  async write(statements: readonly SqlStatement[]): Promise<void> {
    await this.#database.batch(statements);
  }

  async find(id: string): Promise<Purchase | undefined> {
    return (await this.#read(purchaseStatements.one(id)))[0];
  }

  /** Those that go on, longest unchanged first. */
  async listOpen(): Promise<readonly Purchase[]> {
    return await this.#read(purchaseStatements.open());
  }

  /** Those of one recipe that go on, longest unchanged first. */
  async listOpenOf(recipe: RecipeAddress): Promise<readonly Purchase[]> {
    return await this.#read(purchaseStatements.openOf(recipe));
  }

  /** The purchases in one state, or without one all of them, changed last first. */
  async list(
    state: PurchaseState | undefined,
    limit: number,
    after: PagePlace = BEFORE_ALL,
  ): Promise<Page<Purchase>> {
    const rows = await this.#database.all(
      state === undefined
        ? purchaseStatements.newest(after, limit + 1)
        : purchaseStatements.newestOf(state, after, limit + 1),
    );
    const shown = rows.slice(0, limit);
    const last = rows.length > limit ? shown.at(-1) : undefined;
    return {
      rows: shown.map(readPurchase),
      next: last === undefined ? undefined : { at: integer(last, 'updated_at'), id: integer(last, 'place') },
    };
  }

  /** How many there are, by state. */
  async counts(): Promise<Readonly<Record<string, number>>> {
    const none = PURCHASE_STATES.map((state) => [state, 0] as const);
    const rows = await this.#database.all(purchaseStatements.counts());
    return Object.fromEntries([...none, ...rows.map((row) => [readState(row), integer(row, 'n')] as const)]);
  }

  /** How many answers have pictures that are not stored and whose URLs, by their age, still live. */
  async countAtRisk(now: number): Promise<number> {
    return integer(first(await this.#database.all(purchaseStatements.atRisk(now - UPSTREAM_LIFE_MS))), 'n');
  }

  /** Forgets those that ended before a time; returns how many. */
  async prune(before: number): Promise<number> {
    const [result] = await this.#database.batch([purchaseStatements.prune(before)]);
    return result?.changes ?? 0;
  }

  async #read(statement: SqlStatement): Promise<Purchase[]> {
    return (await this.#database.all(statement)).map(readPurchase);
  }
}

function readPurchase(row: SqlRow): Purchase {
  const identity = optionalText(row, 'identity');
  return {
    id: text(row, 'id'),
    site: text(row, 'site'),
    scope: text(row, 'scope'),
    key: text(row, 'key'),
    model: text(row, 'model'),
    account: text(row, 'account'),
    state: readState(row),
    upstreamTask: optionalText(row, 'upstream_task'),
    identity: identity === undefined ? undefined : readIdentity(identity),
    answer: optionalText(row, 'answer'),
    simulated: integer(row, 'simulated') === 1,
    elapsedMs: optionalInteger(row, 'elapsed_ms'),
    spent: readSpent(row),
    entryId: optionalInteger(row, 'entry_id'),
    status: optionalInteger(row, 'status'),
    error: optionalText(row, 'error'),
    createdAt: integer(row, 'created_at'),
    updatedAt: integer(row, 'updated_at'),
  };
}

function readIdentity(json: string): EntryIdentity {
  const identity: EntryIdentity = JSON.parse(json);
  return identity;
}

function readSpent(row: SqlRow): Spent | undefined {
  const at = optionalInteger(row, 'spent_at');
  if (at === undefined) return undefined;
  const amount = optionalReal(row, 'cost_amount');
  const currency = optionalText(row, 'cost_currency');
  const isKnown = amount !== undefined && (currency === 'CNY' || currency === 'USD');
  return { at, images: integer(row, 'images'), cost: isKnown ? { amount, currency } : undefined };
}

function readState(row: SqlRow): PurchaseState {
  const found = text(row, 'state');
  const state = PURCHASE_STATES.find((known) => known === found);
  if (state === undefined)
    throw new AppError('storage_failed', 'The column state holds a state that is not known.');
  return state;
}
