import { AppError } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  Governor,
  GovernorObject,
  Permit,
  QueueListener,
  SendOutcome,
  Turn,
} from '../../ports/governor.ts';

/** Collaborators of `RemoteGovernor`. */
export interface RemoteGovernorDeps {
  readonly objects: { getByName(name: string): GovernorObject };
  readonly clock: Pick<Clock, 'uuid' | 'sleep'>;
  /** Keeps the platform from ending what nobody waits for. */
  readonly waitUntil: (work: Promise<void>) => void;
  readonly onFailure: (cause: unknown) => void;
}

/** An object that was moved or deployed anew is back in a moment, with its permits. */
const TRIES = 4;
const FIRST_WAIT_MS = 250;

/** Asks the one governor in the world of each account and model. */
export class RemoteGovernor implements Governor {
  readonly #deps: RemoteGovernorDeps;
  #queued = 0;

  constructor(deps: RemoteGovernorDeps) {
    this.#deps = deps;
  }

  get queued(): number {
    return this.#queued;
  }

  async acquire(
    model: string,
    account: string,
    moved: QueueListener = () => {},
    signal?: AbortSignal,
  ): Promise<Permit> {
    signal?.throwIfAborted();
    const { objects, clock, waitUntil, onFailure } = this.#deps;
    const holder = clock.uuid();
    // A stub that has failed once fails for ever.
    const object = () => objects.getByName(`${account}\n${model}`);
    // What cannot be given back ends by itself.
    const release = (outcome: SendOutcome) =>
      waitUntil(object().release(holder, model, outcome).catch(onFailure));
    const tell = (position: number) => {
      if (position > 0) moved(position);
    };
    const asked = this.#ask(() => object().acquire(holder, model, tell), signal);
    const turn = await this.#unlessAborted(asked, signal).catch((error: unknown) => {
      // It may wait there still, or be admitted: the answer may be what was lost.
      release('failed');
      // It was on the way, and may have overtaken the release.
      asked.then(() => release('failed')).catch(() => undefined);
      throw error;
    });
    if (turn.isGranted) return { release };
    throw new AppError('overloaded', turn.reason, { retryAfterMs: turn.retryAfterMs });
  }

  async #unlessAborted(asked: Promise<Turn>, signal: AbortSignal | undefined): Promise<Turn> {
    let giveUp = () => {};
    const givenUp = new Promise<never>((_, reject) => {
      giveUp = () => reject(signal?.reason);
    });
    signal?.addEventListener('abort', giveUp);
    this.#queued += 1;
    try {
      return await Promise.race([asked, givenUp]);
    } finally {
      this.#queued -= 1;
      signal?.removeEventListener('abort', giveUp);
    }
  }

  async #ask(acquire: () => Promise<Turn>, signal: AbortSignal | undefined): Promise<Turn> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await acquire();
      } catch (cause) {
        if (tries === TRIES) {
          const message = 'The governor of this account and model cannot be reached.';
          throw new AppError('overloaded', message, { retryAfterMs: 2_000, cause });
        }
        this.#deps.onFailure(cause);
        await this.#deps.clock.sleep(FIRST_WAIT_MS * 2 ** (tries - 1), signal);
      }
    }
  }
}
