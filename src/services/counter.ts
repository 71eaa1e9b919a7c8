import type { MetricFamily } from '../core/metric.ts';

interface Count {
  readonly values: readonly string[];
  value: number;
}

/** A sum that only grows, by the values of its labels. */
export class Counter {
  readonly #name: string;
  readonly #help: string;
  readonly #labels: readonly string[];
  readonly #counts = new Map<string, Count>();

  constructor(name: string, help: string, labels: readonly string[] = []) {
    this.#name = name;
    this.#help = help;
    this.#labels = labels;
    // What has no labels is there from the start, so that its first step shows.
    if (labels.length === 0) this.add([], 0);
  }

  /** The label values in the labels' order. */
  add(values: readonly string[], amount = 1): void {
    const key = values.join('\n');
    const count = this.#counts.get(key);
    if (count === undefined) this.#counts.set(key, { values, value: amount });
    else count.value += amount;
  }

  family(): MetricFamily {
    const samples = [...this.#counts.values()].map(({ values, value }) => ({
      labels: labelled(this.#labels, values),
      value,
    }));
    return { name: this.#name, help: this.#help, type: 'counter', samples };
  }
}

/** Label names with their values. */
export function labelled(
  names: readonly string[],
  values: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']));
}
