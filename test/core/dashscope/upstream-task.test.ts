import { expect, it } from 'vitest';
import { readUpstreamTask } from '../../../src/core/dashscope/upstream-task.ts';

const task = (task_status: string, rest = {}) => ({
  request_id: 'r',
  output: { task_id: 't', task_status, submit_time: 'a', scheduled_time: 'b', end_time: 'c', ...rest },
});

it.each([
  ['PENDING', 'PENDING'],
  ['RUNNING', 'RUNNING'],
  ['SUSPENDED', 'RUNNING'],
  ['SUCCEEDED', 'SUCCEEDED'],
  ['FAILED', 'FAILED'],
  ['CANCELED', 'CANCELED'],
  ['UNKNOWN', 'UNKNOWN'],
] as const)('%s is read as %s', (status, state) => {
  expect(readUpstreamTask(task(status))?.state).toBe(state);
});

it.each([null, [], {}, { output: null }, { output: {} }, task('DANCING')])('%j is no task', (value) => {
  expect(readUpstreamTask(value)).toBeUndefined();
});

it('an answer is left without what belongs to the task', () => {
  const done = readUpstreamTask({
    ...task('SUCCEEDED', { results: [{ url: 'u' }] }),
    usage: { image_count: 1 },
  });
  expect(done?.answer).toEqual({
    request_id: 'r',
    output: { results: [{ url: 'u' }] },
    usage: { image_count: 1 },
  });
});

it.each([
  ['every picture', { results: [{ url: 'u' }], task_metrics: { TOTAL: 1, SUCCEEDED: 1, FAILED: 0 } }, false],
  ['a code in the place of one', { results: [{ url: 'u' }, { code: 'c', message: 'm' }] }, true],
  ['a count of failures', { choices: [], task_metrics: { TOTAL: 2, SUCCEEDED: 1, FAILED: 1 } }, true],
] as const)('with %s it is partial: %#', (_, output, isPartial) => {
  expect(readUpstreamTask(task('SUCCEEDED', output))?.isPartial).toBe(isPartial);
});

it('a failure keeps its code and message', () => {
  expect(readUpstreamTask(task('FAILED', { code: 'InternalError', message: 'sorry' }))).toMatchObject({
    code: 'InternalError',
    message: 'sorry',
  });
});
