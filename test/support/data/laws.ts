/** How long and with what a law is tried: the same cases on every run, and an end even on a slow machine. */
export const LAW = { seed: 20_260_921, numRuns: 300, interruptAfterTimeLimit: 8_000 };
