import type { CacheEvent, CacheResult } from '../../core/events.ts';
import { OTHER } from '../../core/models/model-label.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { addCost, beginningOf, HOUR_MS, type LedgerFigures, type LedgerRow, noFigures } from './ledger.ts';
import type { LedgerStore } from './ledger-store.ts';

/** Rows that wait in memory before they are written unasked; a server fills a few in an hour. */
const MAX_PENDING = 1_000;
/** Rows that are kept while the database takes none. */
const MAX_UNWRITTEN = 10_000;

const COLUMNS = {
  hit: 'hits',
  miss: 'misses',
  coalesced: 'coalesced',
  bypass: 'bypassed',
  error: 'errors',
} as const satisfies Record<CacheResult, keyof LedgerFigures>;

/** Whose figures an event changes. */
interface Accounted {
  readonly model?: string | undefined;
  readonly scope?: string | undefined;
}

/** Collaborators of `LedgerRecorder`. */
export interface LedgerRecorderDeps {
  readonly store: LedgerStore;
  readonly clock: Pick<Clock, 'now'>;
  readonly modelLabel: (model: string | undefined) => string;
  readonly onFailure: (cause: unknown) => void;
}

/**
 * Keeps the ledger's counts from events: in memory, and written in batches, since one write per hit would cost more than
 * the hit. A crash loses what was counted since the last flush. What was spent is no count: purchases write it themselves.
 */
export class LedgerRecorder implements Reporter {
  readonly #deps: LedgerRecorderDeps;
  readonly #site: string;
  #pending = new Map<string, LedgerRow>();
  /** Where the last event belonged: the next one mostly belongs there too. */
  #last: LedgerRow | undefined;
  #unwritten: readonly LedgerRow[] = [];
  #flushing = Promise.resolve();

  constructor(deps: LedgerRecorderDeps, site: string) {
    this.#deps = deps;
    this.#site = site;
  }

  report(event: CacheEvent): void {
    switch (event.type) {
      case 'request':
        if (event.result !== undefined) this.#rowOf(event)[COLUMNS[event.result]] += 1;
        return;
      case 'stored':
        this.#rowOf(event).bytes += event.bytes;
        return;
      case 'avoided': {
        const row = this.#rowOf(event);
        addCost(row.avoided, event.cost);
        row.avoidedMs += event.elapsedMs ?? 0;
        return;
      }
    }
  }

  /** Writes what is pending, and resolves when that is done. One at a time; what cannot be written waits for the next. */
  flush(): Promise<void> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async #write(): Promise<void> {
    const rows = [...this.#unwritten, ...this.#pending.values()];
    if (rows.length === 0) return;
    this.#pending = new Map();
    this.#last = undefined;
    this.#unwritten = [];
    try {
      await this.#deps.store.add(rows);
    } catch (cause) {
      this.#deps.onFailure(cause);
      this.#unwritten = rows.slice(0, MAX_UNWRITTEN);
    }
  }

  #rowOf({ model, scope = OTHER }: Accounted): LedgerRow {
    const at = beginningOf(this.#deps.clock.now(), HOUR_MS);
    const counted = this.#deps.modelLabel(model);
    const last = this.#last;
    if (last?.at === at && last.model === counted && last.scope === scope) return last;
    const place = `${at}\n${counted}\n${scope}`;
    const known = this.#pending.get(place);
    const row = known ?? { ...noFigures(), at, site: this.#site, model: counted, scope };
    if (known === undefined) this.#pending.set(place, row);
    this.#last = row;
    if (this.#pending.size >= MAX_PENDING) void this.flush();
    return row;
  }
}
