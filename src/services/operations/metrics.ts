import type { CacheEvent, Cost } from '../../core/events.ts';
import { formatMetrics, type MetricFamily } from '../../core/metric.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { RuntimeMetrics } from '../../ports/runtime-metrics.ts';
import { Counter } from './counter.ts';
import { Histogram } from './histogram.ts';

/** What is not told by events but asked for when somebody looks. */
export interface Gauges {
  readonly flights: () => number;
  readonly waiters: () => number;
  readonly queued: () => number;
  readonly heldBytes: () => number;
  readonly imagesAtRisk: () => Promise<number>;
}

/** From a quick refusal to the generation timeout. */
const UPSTREAM_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300];

/** Collaborators of `Metrics`. */
export interface MetricsDeps {
  readonly modelLabel: (model: string | undefined) => string;
  readonly runtime: RuntimeMetrics;
  readonly onFailure: (cause: unknown) => void;
}

/**
 * Counts events for Prometheus. Labels take few values: doors, results, statuses, currencies, and models by the name
 * that `countedModel` gives them. No prompt, key, scope or address is in any.
 */
export class Metrics implements Reporter {
  readonly #deps: MetricsDeps;
  readonly #gauges: Gauges;

  readonly #requests = new Counter(
    'dashcache_requests_total',
    'Requests answered, by front door; "result" is none where no picture was asked for.',
    ['door', 'result', 'model'],
  );
  readonly #upstream = new Histogram(
    'dashcache_upstream_seconds',
    'Generation requests to upstream, from sending to the whole answer; "status" is none where none came.',
    ['model', 'status'],
    UPSTREAM_SECONDS,
  );
  readonly #retries = new Counter('dashcache_upstream_retries_total', 'Attempts that were made again.', [
    'model',
  ]);
  readonly #unknown = new Counter(
    'dashcache_outcomes_unknown_total',
    'Generations that were sent and may have been paid for, and whose answer did not come.',
    ['model'],
  );
  readonly #spent = new Counter('dashcache_spent_total', 'Money spent, at list price.', [
    'model',
    'currency',
  ]);
  readonly #avoided = new Counter('dashcache_avoided_total', 'Money not spent, at list price.', [
    'model',
    'currency',
  ]);
  readonly #unpriced = new Counter(
    'dashcache_unpriced_total',
    'Purchases ("spent") and requests ("avoided") whose price is not known.',
    ['model', 'kind'],
  );
  readonly #avoidedSeconds = new Counter(
    'dashcache_avoided_seconds_total',
    'Seconds of drawing that nobody had to wait for.',
    ['model'],
  );
  readonly #stored = new Counter('dashcache_stored_bytes_total', 'Bytes of the pictures stored.', ['model']);
  readonly #sent = new Counter('dashcache_blob_bytes_total', 'Bytes of pictures that clients were sent.');
  readonly #notStored = new Counter(
    'dashcache_not_stored_total',
    'Paid answers whose pictures could not be stored.',
    ['reason'],
  );
  readonly #healed = new Counter('dashcache_healed_total', 'Lost pictures, by what was done about them.', [
    'how',
  ]);
  readonly #evicted = new Counter(
    'dashcache_evicted_bytes_total',
    'Bytes that the bounds of the store cost.',
  );
  readonly #failures = new Counter('dashcache_failures_total', 'Failures in here; the log says which.');

  constructor(deps: MetricsDeps, gauges: Gauges) {
    this.#deps = deps;
    this.#gauges = gauges;
  }

  report(event: CacheEvent): void {
    switch (event.type) {
      case 'request': {
        const model = event.result === undefined ? '' : this.#deps.modelLabel(event.model);
        this.#requests.add([event.door, event.result ?? 'none', model]);
        return;
      }
      case 'upstream':
        this.#upstream.observe(
          [this.#deps.modelLabel(event.model), String(event.status ?? 'none')],
          event.elapsedMs / 1000,
        );
        return;
      case 'retry':
        this.#retries.add([this.#deps.modelLabel(event.model)]);
        return;
      case 'outcome-unknown':
        this.#unknown.add([this.#deps.modelLabel(event.model)]);
        return;
      case 'bought':
        this.#addMoney(this.#spent, 'spent', event);
        return;
      case 'avoided':
        this.#addMoney(this.#avoided, 'avoided', event);
        this.#avoidedSeconds.add([this.#deps.modelLabel(event.model)], (event.elapsedMs ?? 0) / 1000);
        return;
      case 'stored':
        this.#stored.add([this.#deps.modelLabel(event.model)], event.bytes);
        return;
      case 'blob':
        this.#sent.add([], event.bytes);
        return;
      case 'not-stored':
        this.#notStored.add([event.reason]);
        return;
      case 'healed':
        this.#healed.add([event.how]);
        return;
      case 'evicted':
        this.#evicted.add([], event.bytes);
        return;
      case 'failure':
        this.#failures.add([]);
        return;
    }
  }

  /** Everything in Prometheus' text format. */
  async expose(): Promise<string> {
    const { flights, waiters, queued, heldBytes } = this.#gauges;
    return formatMetrics([
      this.#requests.family(),
      this.#upstream.family(),
      this.#retries.family(),
      this.#unknown.family(),
      this.#spent.family(),
      this.#avoided.family(),
      this.#unpriced.family(),
      this.#avoidedSeconds.family(),
      this.#stored.family(),
      this.#sent.family(),
      this.#notStored.family(),
      this.#healed.family(),
      this.#evicted.family(),
      this.#failures.family(),
      gauge('dashcache_flights', 'Generations under way.', flights()),
      gauge('dashcache_waiters', 'Requests that wait for them.', waiters()),
      gauge('dashcache_queued', 'Generations that wait for their turn at upstream.', queued()),
      gauge('dashcache_held_bytes', 'Bytes of request bodies in memory.', heldBytes()),
      ...(await this.#atRisk()),
      ...this.#deps.runtime.families(),
    ]);
  }

  #addMoney(
    counter: Counter,
    kind: string,
    { model, cost }: { readonly model: string; readonly cost: Cost | undefined },
  ): void {
    const counted = this.#deps.modelLabel(model);
    if (cost === undefined) this.#unpriced.add([counted, kind]);
    else counter.add([counted, cost.currency], cost.amount);
  }

  /** It is asked of the database; when that fails, all the rest is worth the more. */
  async #atRisk(): Promise<readonly MetricFamily[]> {
    const help = 'Paid answers with pictures that are not stored, and whose URLs still live.';
    try {
      return [gauge('dashcache_images_at_risk', help, await this.#gauges.imagesAtRisk())];
    } catch (cause) {
      this.#deps.onFailure(cause);
      return [];
    }
  }
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, type: 'gauge', samples: [{ labels: {}, value }] };
}
