import { createGate, type Gate } from '../util/gate.ts';
import { SignalCounter } from '../util/signal-counter.ts';
import type { FaultEffect, FaultSpec } from './fault.ts';
import { type FaultTarget, reaches } from './fault-target.ts';

/** A fault as its author holds it. */
export interface FaultHandle {
  readonly id: string;
  /** Requests it has struck so far. */
  readonly hits: number;
  /** Resolves when it has struck `count` (default 1) requests. */
  waitForHit(count?: number): Promise<void>;
  /** Lets the requests go that `hang` or `hold` keep waiting, now and later. */
  release(): void;
  /** Strikes nobody further, and releases. */
  cancel(): void;
}

/** A fault that has struck one request. */
export interface Strike {
  readonly effect: FaultEffect;
  /** Opens when the fault is released. */
  readonly released: Promise<void>;
}

interface QueuedFault {
  readonly spec: FaultSpec;
  readonly handle: FaultHandle;
  readonly gate: Gate;
  left: number;
  strike(): void;
}

/** The faults that are still to come, in the order they were scripted; a request meets at most one. */
export class FaultQueue {
  readonly #faults = new Map<string, QueuedFault>();
  #lastId = 0;

  add(spec: FaultSpec): FaultHandle {
    const id = String(++this.#lastId);
    const gate = createGate();
    const signals = new SignalCounter<'hit'>();
    const handle: FaultHandle = {
      id,
      get hits() {
        return signals.count('hit');
      },
      waitForHit: (count = 1) => signals.waitFor('hit', count),
      release: () => {
        gate.open();
        this.#forget(id);
      },
      cancel: () => {
        this.#faults.delete(id);
        gate.open();
      },
    };
    this.#faults.set(id, {
      spec,
      handle,
      gate,
      left: spec.times === 'always' ? Number.POSITIVE_INFINITY : (spec.times ?? 1),
      strike: () => signals.signal('hit'),
    });
    return handle;
  }

  /** The fault that strikes this request, if one is queued for it; used up after `times` requests. */
  take(target: FaultTarget, model: string, key: string): Strike | undefined {
    for (const fault of this.#faults.values()) {
      const { spec } = fault;
      if (!reaches(spec.on, target) || fault.left === 0) continue;
      if (spec.model !== undefined && spec.model !== model) continue;
      if (spec.key !== undefined && spec.key !== key) continue;
      fault.left--;
      fault.strike();
      if (spec.effect.kind !== 'hang' && spec.effect.kind !== 'hold') this.#forget(fault.handle.id);
      return { effect: spec.effect, released: fault.gate.opened };
    }
    return undefined;
  }

  /** Faults that can still strike, or whose waiting requests can still be released. */
  list(): readonly { readonly id: string; readonly spec: FaultSpec; readonly hits: number }[] {
    return [...this.#faults.values()].map(({ spec, handle }) => ({ id: handle.id, spec, hits: handle.hits }));
  }

  find(id: string): FaultHandle | undefined {
    return this.#faults.get(id)?.handle;
  }

  /** Drops a fault that can strike nobody any more. */
  #forget(id: string): void {
    if (this.#faults.get(id)?.left === 0) this.#faults.delete(id);
  }

  /** Cancels every fault. */
  clear(): void {
    for (const { handle } of this.#faults.values()) handle.cancel();
  }
}
