import type { MetricFamily } from '../../core/metric.ts';

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
  /** What was counted last is mostly counted next: its name need not be made again. */
  #last: Count | undefined;

  constructor(name: string, help: string, labels: readonly string[] = []) {
    this.#name = name;
    this.#help = help;
    this.#labels = labels;
    // What has no labels is there from the start, so that its first step shows.
    if (labels.length === 0) this.add([], 0);
  }

  /** The label values in the labels' order. */
  add(values: readonly string[], amount = 1): void {
    const last = this.#last;
    const isLast = last?.values.every((value, index) => value === values[index]) === true;
    const count = isLast ? last : this.#countOf(values);
    count.value += amount;
    this.#last = count;
  }

  #countOf(values: readonly string[]): Count {
    const key = values.join('\n');
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const count = { values, value: 0 };
    this.#counts.set(key, count);
    return count;
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
