import type { FaultSpec } from '../faults/fault.ts';
import { ConnectionCut } from '../faults/fault-effects.ts';
import type { FaultHandle } from '../faults/fault-queue.ts';
import type { FaultTarget } from '../faults/fault-target.ts';
import type { ArrivalName, Counters, RecordedRequest } from '../state/journal.ts';
import type { Simulation } from '../state/simulation.ts';
import type { Task } from '../state/task.ts';
import type { StoredUpload } from '../state/upload-store.ts';

/** A test's or a demo's hand on the simulator. */
export interface SimulatorControl {
  /** Queues a fault for the next matching requests; several wait in line, a request meets at most one. */
  fault(spec: FaultSpec): FaultHandle;
  /** Cancels every fault and lets go whatever they hold. */
  clearFaults(): void;
  counters(): Counters;
  /** The latest requests, oldest first: at most 100, and 64 MiB of bodies. */
  recent(target?: FaultTarget): readonly RecordedRequest[];
  /** Resolves once `count` such requests have arrived since the start (`aborted`: were left by their clients). */
  waitFor(name: ArrivalName, count: number): Promise<void>;
  /** The tasks of the last 24 hours, of all accounts, oldest first. */
  tasks(): readonly Task[];
  /** From now on no task moves unless `advanceTask` or `releaseTask` tells it to. */
  holdTasks(): void;
  /** Ends the hold: tasks move with the clock again, none as if it had done so before. */
  resumeTasks(): void;
  /** Moves a task by one state (PENDING, RUNNING, ended), held or not. False when it has ended or is unknown. */
  advanceTask(id: string): boolean;
  /** Brings a task to its end, held or not. False when it has ended or is unknown. */
  releaseTask(id: string): boolean;
  /** Files stored by temporary upload, oldest first. */
  uploads(): readonly StoredUpload[];
  /** Lets go whatever is held and breaks off what is still being drawn: for the end of a simulator's life. */
  stop(): void;
}

export function createControl(simulation: Simulation): SimulatorControl {
  const { clock, faults, journal, tasks, uploads, stopped } = simulation;
  return {
    fault: (spec) => faults.add(spec),
    clearFaults: () => faults.clear(),
    counters: () => {
      // What has ended by now counts, asked for or not.
      tasks.advance(clock.now());
      return journal.counters();
    },
    recent: (target) => journal.recent(target),
    waitFor: (name, count) => journal.waitFor(name, count),
    tasks: () => tasks.list(undefined, clock.now()),
    holdTasks: () => tasks.hold(clock.now()),
    resumeTasks: () => tasks.resume(clock.now()),
    advanceTask: (id) => tasks.step(id, clock.now()),
    releaseTask: (id) => {
      const moved = tasks.step(id, clock.now());
      tasks.step(id, clock.now());
      return moved;
    },
    uploads: () => uploads.list(),
    stop: () => {
      faults.clear();
      stopped.abort(new ConnectionCut());
    },
  };
}
