import { defineConfig } from 'vitest/config';

/** A net for what hangs, wide enough for a busy machine: no test asserts that something is quick. */
const NET_MS = 120_000;
const LIMITS = { testTimeout: NET_MS, hookTimeout: NET_MS, expect: { poll: { timeout: NET_MS } } };

/** Start servers, processes or browsers: a process for each file. */
const STACKS = ['test/e2e/**/*.test.ts', 'test/page/**/*.test.ts'];

export default defineConfig({
  test: {
    // Much of a test is waiting, also where there are only two cores: one for each file at a time would leave both idle.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...STACKS, 'test/workerd/**'],
          pool: 'forks',
          // They share nothing that one could spoil for the next, and most of their time was loading modules.
          isolate: false,
          ...LIMITS,
        },
      },
      { test: { name: 'stacks', include: STACKS, pool: 'forks', isolate: false, ...LIMITS } },
      './vitest.workerd.config.ts',
    ],
  },
});
