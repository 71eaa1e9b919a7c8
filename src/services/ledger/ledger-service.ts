import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import { beginningOf, DAY_MS, HOUR_MS, type LedgerSpending } from './ledger.ts';
import type { LedgerRecorder } from './ledger-recorder.ts';
import type { LedgerGroup } from './ledger-statements.ts';
import type { LedgerStore, LedgerSum } from './ledger-store.ts';

/** What somebody wants to see of the ledger: from the unit that a time is in to the last one that begins before another. */
export interface LedgerQuestion {
  /** Undefined means the last day by hours, the last 30 days by days. */
  readonly from: number | undefined;
  /** Undefined means now. */
  readonly to: number | undefined;
  readonly by: 'hour' | 'day';
  readonly group: LedgerGroup;
}

/** Rows in one answer. */
const MAX_ROWS = 10_000;
/** Hours older than this are folded into their days. */
const HOURS_KEPT_MS = 90 * DAY_MS;

const USUAL_MS = { hour: DAY_MS, day: 30 * DAY_MS } as const;
const UNIT_MS = { hour: HOUR_MS, day: DAY_MS } as const;

/** Collaborators of `LedgerService`. */
export interface LedgerServiceDeps {
  readonly store: LedgerStore;
  readonly recorder: LedgerRecorder;
  readonly clock: Pick<Clock, 'now'>;
}

/** What requests came to over time, at this server's site. */
export class LedgerService {
  readonly #deps: LedgerServiceDeps;
  readonly #site: string;

  constructor(deps: LedgerServiceDeps, site: string) {
    this.#deps = deps;
    this.#site = site;
  }

  /** Units in which nothing happened are left out. `invalid_request` when there are too many rows for one answer. */
  async read({ from, to, by, group }: LedgerQuestion): Promise<readonly LedgerSum[]> {
    await this.#deps.recorder.flush();
    const unitMs = UNIT_MS[by];
    const end = to ?? this.#deps.clock.now() + 1;
    const rows = await this.#deps.store.select({
      site: this.#site,
      from: beginningOf(from ?? end - USUAL_MS[by], unitMs),
      to: end,
      unitMs,
      group,
      limit: MAX_ROWS + 1,
    });
    if (rows.length <= MAX_ROWS) return rows;
    throw new AppError(
      'invalid_request',
      `These are more than ${MAX_ROWS} rows: ask for less time at once.`,
      {
        field: 'from',
      },
    );
  }

  /** What was ever spent and avoided. */
  async money(): Promise<LedgerSpending> {
    await this.#deps.recorder.flush();
    return await this.#deps.store.money(this.#site);
  }

  /** Folds hours that are old into their days; days are kept for ever. */
  async fold(): Promise<void> {
    await this.#deps.store.fold(beginningOf(this.#deps.clock.now() - HOURS_KEPT_MS, DAY_MS));
  }
}
