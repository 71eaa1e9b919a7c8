import { expect, it } from 'vitest';
import { formatMetrics } from '../../src/core/metric.ts';
import { Counter } from '../../src/services/operations/counter.ts';
import { Histogram } from '../../src/services/operations/histogram.ts';

it('a counter sums up by its labels; without labels it is there from the start', () => {
  const requests = new Counter('requests_total', 'Requests.', ['door', 'model']);
  requests.add(['dashscope', 'a']);
  requests.add(['openai', 'a']);
  requests.add(['dashscope', 'a'], 2);
  const bytes = new Counter('bytes_total', 'Bytes,\nwith a \\.');
  expect(formatMetrics([requests.family(), bytes.family()])).toBe(
    [
      '# HELP requests_total Requests.',
      '# TYPE requests_total counter',
      'requests_total{door="dashscope",model="a"} 3',
      'requests_total{door="openai",model="a"} 1',
      '# HELP bytes_total Bytes,\\nwith a \\\\.',
      '# TYPE bytes_total counter',
      'bytes_total 0',
      '',
    ].join('\n'),
  );
});

it('a histogram counts what is at or below each bound', () => {
  const seconds = new Histogram('seconds', 'Time.', ['status'], [1, 5]);
  for (const value of [1, 2, 9]) seconds.observe(['200'], value);
  expect(formatMetrics([seconds.family()])).toBe(
    [
      '# HELP seconds Time.',
      '# TYPE seconds histogram',
      'seconds_bucket{status="200",le="1"} 1',
      'seconds_bucket{status="200",le="5"} 2',
      'seconds_bucket{status="200",le="+Inf"} 3',
      'seconds_sum{status="200"} 12',
      'seconds_count{status="200"} 3',
      '',
    ].join('\n'),
  );
});

it('label values cannot end their quotes', () => {
  const counter = new Counter('c', 'C.', ['name']);
  counter.add(['a"b\\c\nd']);
  expect(formatMetrics([counter.family()])).toContain('c{name="a\\"b\\\\c\\nd"} 1');
});
