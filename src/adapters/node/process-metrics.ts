import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { MetricFamily } from '../../core/metric.ts';
import type { RuntimeMetrics } from '../../ports/runtime-metrics.ts';

const NANOSECONDS = 1e9;

/** Memory, processor and event loop of this process. */
export function createProcessMetrics(): RuntimeMetrics {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const startedAt = Date.now() / 1000 - process.uptime();
  const gauge = (name: string, help: string, value: number): MetricFamily => ({
    name,
    help,
    type: 'gauge',
    samples: [{ labels: {}, value }],
  });
  return {
    families: () => {
      const { user, system } = process.cpuUsage();
      const p99 = delay.percentile(99) / NANOSECONDS;
      // Covers the time since the last call.
      delay.reset();
      return [
        {
          ...gauge('process_cpu_seconds_total', 'Processor time, user and system.', (user + system) / 1e6),
          type: 'counter',
        },
        gauge('process_start_time_seconds', 'When the process began, since the epoch.', startedAt),
        gauge('process_resident_memory_bytes', 'Memory in use.', process.memoryUsage.rss()),
        gauge('nodejs_eventloop_lag_p99_seconds', 'Event loop delay since the last scrape.', p99),
      ];
    },
  };
}
