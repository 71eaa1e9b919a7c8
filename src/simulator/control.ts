import type { FaultSpec, Target } from './fault.ts';
import { ConnectionCut } from './fault-effects.ts';
import type { FaultHandle } from './fault-queue.ts';
import type { ArrivalName, Counters, RecordedRequest } from './journal.ts';
import type { Simulation } from './simulation.ts';

/** A test's or a demo's hand on the simulator. */
export interface SimulatorControl {
  /** Queues a fault for the next matching requests; several wait in line, a request meets at most one. */
  fault(spec: FaultSpec): FaultHandle;
  /** Cancels every fault and lets go whatever they hold. */
  clearFaults(): void;
  counters(): Counters;
  /** The latest requests, oldest first: at most 100, and 64 MiB of bodies. */
  recent(target?: Target): readonly RecordedRequest[];
  /** Resolves once `count` such requests have arrived since the start (`aborted`: were left by their clients). */
  waitFor(name: ArrivalName, count: number): Promise<void>;
  /** Lets go whatever is held and breaks off what is still being drawn: for the end of a simulator's life. */
  stop(): void;
}

export function createControl({ faults, journal, stopped }: Simulation): SimulatorControl {
  return {
    fault: (spec) => faults.add(spec),
    clearFaults: () => faults.clear(),
    counters: () => journal.counters(),
    recent: (target) => journal.recent(target),
    waitFor: (name, count) => journal.waitFor(name, count),
    stop: () => {
      faults.clear();
      stopped.abort(new ConnectionCut());
    },
  };
}
