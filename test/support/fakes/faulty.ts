import { createGate, type Gate } from './gate.ts';

/** What befalls the calls of watched objects. Their methods must be asynchronous. */
export class Faults {
  /** `name.method` of every call so far, in order. */
  readonly calls: string[] = [];
  /** Resolves when the crash has come. */
  readonly crashed: Promise<void>;
  readonly #crashes: Gate;
  readonly #failing = new Map<string, Error>();
  readonly #held = new Map<string, { readonly reached: Gate; readonly released: Gate }>();
  #crash: { readonly at: number; readonly takesEffect: boolean } | undefined;

  constructor() {
    this.#crashes = createGate();
    this.crashed = this.#crashes.opened;
  }

  /** From now on calls of `name.method` fail so, until `heal`. */
  fail(call: string, error: Error): void {
    this.#failing.set(call, error);
  }

  heal(call: string): void {
    this.#failing.delete(call);
  }

  /** The next call of `name.method` waits to be released before it takes effect. */
  hold(call: string): { readonly reached: Promise<void>; release(): void } {
    const [reached, released] = [createGate(), createGate()];
    this.#held.set(call, { reached, released });
    return { reached: reached.opened, release: () => released.open() };
  }

  /** The call of this number (from 1) is the last that gets through, or the first that does not; later ones all fail. */
  crashAt(at: number, takesEffect: boolean): void {
    this.#crash = { at, takesEffect };
  }

  /** The same object, whose calls are recorded and fail as told. Staged blobs and the like are watched by `inner`. */
  watch<T extends object>(
    name: string,
    target: T,
    inner: (result: unknown) => unknown = (result) => result,
  ): T {
    return new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property, object);
        if (typeof member !== 'function') return member;
        return async (...args: readonly unknown[]) => {
          const call = `${name}.${String(property)}`;
          const number = this.calls.push(call);
          const held = this.#held.get(call);
          this.#held.delete(call);
          held?.reached.open();
          await held?.released.opened;
          const failure = this.#failing.get(call);
          if (failure !== undefined) throw failure;
          const crash = this.#crash;
          const dies = crash !== undefined && number >= crash.at;
          if (dies) this.#crashes.open();
          if (dies && !(crash.takesEffect && number === crash.at)) throw new CrashError(call);
          const result: unknown = await Reflect.apply(member, object, args);
          if (dies) throw new CrashError(call);
          return inner(result);
        };
      },
    });
  }
}

/** The process is gone: nothing that it calls happens any more. */
export class CrashError extends Error {
  override readonly name = 'CrashError';
}
