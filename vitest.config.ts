import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Much of a test is waiting, also where there are only two cores: one for each file at a time would leave both idle.
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/workerd/**'],
          pool: 'forks',
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      './vitest.workerd.config.ts',
    ],
  },
});
