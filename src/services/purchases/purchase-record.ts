import type { Entry } from '../../core/entries/entry.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import { isFinal, mayFollow, type PurchaseState } from '../../core/purchases/purchase-state.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { SqlStatement } from '../../ports/sql-database.ts';
import { beginningOf, HOUR_MS, spending } from '../ledger/ledger.ts';
import { ledgerStatements } from '../ledger/ledger-statements.ts';
import type { TaskEnd } from '../tasks/task.ts';
import { taskStatements } from '../tasks/task-statements.ts';
import type { Purchase, PurchaseFacts } from './purchase.ts';
import { purchaseStatements } from './purchase-statements.ts';
import type { PurchaseStore } from './purchase-store.ts';

/** Collaborators of `PurchaseRecord`. */
export interface PurchaseRecordDeps {
  readonly store: PurchaseStore;
  /** What a model is called in the ledger. */
  readonly modelLabel: (model: string) => string;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly reporter: Reporter;
}

/**
 * One purchase as its driver knows it, and the only way to change its row. A transition is one transaction: the row, the
 * money in the ledger and the end of the tasks that wait. What could not be written goes along with the next transition.
 */
export class PurchaseRecord {
  readonly #deps: PurchaseRecordDeps;
  #row: Purchase;
  /** What is not written yet, in order. */
  #pending: SqlStatement[];
  /** The state that the row is known to be in; undefined while there is no row. */
  #written: PurchaseState | undefined;
  /** The monotonic time at which it would have begun. */
  readonly #beganAt: number;

  private constructor(deps: PurchaseRecordDeps, row: Purchase, isNew: boolean) {
    this.#deps = deps;
    this.#row = row;
    this.#pending = isNew ? [purchaseStatements.insert(row)] : [];
    this.#written = isNew ? undefined : row.state;
    const { clock } = deps;
    this.#beganAt = clock.monotonic() - Math.max(0, clock.now() - row.createdAt);
  }

  /** Of a purchase that begins. Nothing is written before the first `save` or transition. */
  static begin(deps: PurchaseRecordDeps, row: Purchase): PurchaseRecord {
    return new PurchaseRecord(deps, row, true);
  }

  /** Of a row that is there. */
  static of(deps: PurchaseRecordDeps, row: Purchase): PurchaseRecord {
    return new PurchaseRecord(deps, row, false);
  }

  get row(): Purchase {
    return this.#row;
  }

  /** Whole milliseconds since it began. A wall clock that is set meanwhile makes it neither older nor younger. */
  get ageMs(): number {
    return Math.round(this.#deps.clock.monotonic() - this.#beganAt);
  }

  /** There is a row. */
  get isOnRecord(): boolean {
    return this.#written !== undefined;
  }

  /** The row is as this purchase is. */
  get isSaved(): boolean {
    return this.#pending.length === 0;
  }

  /** It has ended, and its row says so. */
  get isOver(): boolean {
    return isFinal(this.#row.state) && this.isSaved;
  }

  /** Goes on to a state. Written as `flush` does. `end` is told to its tasks. */
  async advance(to: PurchaseState, facts: PurchaseFacts = {}, end?: TaskEnd): Promise<void> {
    this.move(to, facts, end);
    await this.flush();
  }

  /** Ends as `unknown`: it was sent and may have been drawn, and its answer will not come. */
  async lose(cause: unknown, facts: PurchaseFacts, end?: TaskEnd): Promise<void> {
    await this.advance('unknown', facts, end);
    const { id, model } = this.#row;
    this.#deps.reporter.report({ type: 'outcome-unknown', purchaseId: id, model, cause });
  }

  /** As `advance`, where it must be on record before anything else happens: throws when it is not, and is where it was. */
  async advanceOrThrow(to: PurchaseState, facts: PurchaseFacts = {}): Promise<void> {
    const [row, pending] = [this.#row, this.#pending];
    this.move(to, facts);
    try {
      await this.save();
    } catch (error) {
      this.#row = row;
      this.#pending = pending;
      throw error;
    }
  }

  /** Goes on to a state, to be written with the next transition. */
  move(to: PurchaseState, facts: PurchaseFacts = {}, end?: TaskEnd): void {
    const next = this.#next(to, facts);
    this.#pending = [...this.#pending, ...this.#statementsOf(next, facts, end)];
    this.#row = next;
    if (facts.spent === undefined) return;
    const { model, scope } = next;
    const { images, cost } = facts.spent;
    this.#deps.reporter.report({ type: 'bought', model, scope, images, cost });
  }

  /**
   * Goes on to `stored` in the transaction that inserts the entry. Undefined when somebody else has gone on with the row:
   * then no entry was inserted, and `row` is what it is by now. Throws what `insert` does: then nothing has changed.
   */
  async store(insert: (also: readonly SqlStatement[]) => Promise<Entry>): Promise<Entry | undefined> {
    const next = this.#next('stored', {});
    const { id, updatedAt } = next;
    const statements = [
      ...this.#pending,
      ...this.#statementsOf(next, {}, undefined),
      purchaseStatements.nameEntry(id),
      taskStatements.endAllStored(id, updatedAt),
    ];
    let entry: Entry | undefined;
    await this.#write({ ...next, status: this.#row.status }, async () => {
      entry = await insert(statements);
    });
    if (entry !== undefined) this.#row = { ...next, entryId: entry.id };
    return entry;
  }

  /** Writes what is not written. Throws when that fails. When somebody else has gone on with the row, `row` is that. */
  async save(): Promise<void> {
    const statements = this.#pending;
    if (statements.length > 0) await this.#write(this.#row, () => this.#deps.store.write(statements));
  }

  /** As `save`. A failure is reported, and what is not written goes along with the next transition. */
  async flush(): Promise<void> {
    try {
      await this.save();
    } catch (cause) {
      this.#deps.reporter.report({ type: 'failure', where: 'purchase record', cause });
    }
  }

  #next(to: PurchaseState, facts: PurchaseFacts): Purchase {
    const from = this.#row;
    if (!mayFollow(from.state, to))
      throw new AppError('internal', `A purchase that is ${from.state} cannot become ${to}.`);
    const keepsWords = !isFinal(to) || to === 'unknown';
    return {
      ...from,
      ...facts,
      state: to,
      answer: facts.answer,
      identity: keepsWords ? from.identity : undefined,
      updatedAt: this.#deps.clock.now(),
    };
  }

  #statementsOf(next: Purchase, { spent }: PurchaseFacts, end: TaskEnd | undefined): SqlStatement[] {
    const { site, scope, model } = next;
    const figures = spent && {
      ...spending(spent.cost),
      at: beginningOf(spent.at, HOUR_MS),
      site,
      scope,
      model: this.#deps.modelLabel(model),
    };
    return [
      purchaseStatements.advance(this.#row.state, next),
      ...(figures === undefined ? [] : [ledgerStatements.add([figures])]),
      ...(end === undefined ? [] : [taskStatements.endAll(next.id, end)]),
      // Strangers may invent as many keys as they like: none leaves a row behind.
      ...(next.state === 'refused' && next.status === 401 ? [purchaseStatements.forget(next.id)] : []),
    ];
  }

  async #write(target: Purchase, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!isAppError(error, 'constraint')) throw error;
      // Written by an earlier try that seemed to have failed, or by another driver.
      const found = await this.#deps.store.find(target.id);
      if (found === undefined || found.state === this.#written) throw error;
      this.#row = found;
      this.#pending = [];
      this.#written = found.state;
      return;
    }
    this.#pending = [];
    this.#written = target.state;
    const { id, model, state } = target;
    this.#deps.reporter.report({ type: 'purchase', id, model, state });
  }
}
