import type { MetricFamily, Sample } from '../../core/metric.ts';
import { labelled } from './counter.ts';

interface Distribution {
  readonly values: readonly string[];
  /** How many fell into each bucket, the last one without a bound. */
  readonly counts: number[];
  sum: number;
}

/** How values are spread over buckets, by the values of its labels. */
export class Histogram {
  readonly #name: string;
  readonly #help: string;
  readonly #labels: readonly string[];
  readonly #bounds: readonly number[];
  readonly #distributions = new Map<string, Distribution>();

  /** `bounds` ascend. */
  constructor(name: string, help: string, labels: readonly string[], bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#labels = labels;
    this.#bounds = [...bounds, Number.POSITIVE_INFINITY];
  }

  observe(values: readonly string[], value: number): void {
    const key = values.join('\n');
    const known = this.#distributions.get(key);
    const distribution = known ?? { values, counts: this.#bounds.map(() => 0), sum: 0 };
    if (known === undefined) this.#distributions.set(key, distribution);
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
    distribution.sum += value;
  }

  family(): MetricFamily {
    const samples = [...this.#distributions.values()].flatMap((each) => this.#samples(each));
    return { name: this.#name, help: this.#help, type: 'histogram', samples };
  }

  #samples({ values, counts, sum }: Distribution): readonly Sample[] {
    const labels = labelled(this.#labels, values);
    let below = 0;
    const buckets = this.#bounds.map((bound, index) => {
      below += counts[index] ?? 0;
      const le = bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);
      return { suffix: '_bucket', labels: { ...labels, le }, value: below };
    });
    return [...buckets, { suffix: '_sum', labels, value: sum }, { suffix: '_count', labels, value: below }];
  }
}
