import { SignalCounter } from '../../../src/simulator/util/signal-counter.ts';
import type { Stack } from '../servers/stack.ts';

/**
 * Counts the requests that have come as far as the cache, so that a test knows that all of them are there before it
 * lets upstream answer. `waitFor` resolves once `count` have.
 */
export function watchArrivals(stack: Stack): { waitFor(count: number): Promise<void> } {
  const arrivals = new SignalCounter<'request'>();
  const { images } = stack.server.services;
  const generate = images.generate.bind(images);
  images.generate = (request) => {
    arrivals.signal('request');
    return generate(request);
  };
  return { waitFor: (count) => arrivals.waitFor('request', count) };
}
