import type { MetricFamily } from '../core/metric.ts';

/** What a runtime knows of the process, in the names that Prometheus' own clients use. */
export interface RuntimeMetrics {
  families(): readonly MetricFamily[];
}
