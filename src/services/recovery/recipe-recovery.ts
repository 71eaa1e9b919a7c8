import type { Principal } from '../../core/principal.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { FlightBoard } from '../flights/flight-registry.ts';
import type { TaskRecovery } from '../tasks/task-recovery.ts';
import type { Recovery } from './recovery.ts';

/** The account whose key the server has. */
interface OwnAccount {
  ownAccount(): Promise<Pick<Principal, 'account' | 'apiKey'> | undefined>;
}

/** For where each recipe has a home of its own, which may end and begin again while the others go on. */
export class HomeRecovery {
  readonly #attempts: AttemptStore;
  readonly #recovery: Recovery;
  readonly #taskRecovery: TaskRecovery;
  readonly #board: FlightBoard;
  readonly #credentials: OwnAccount;

  constructor(parts: {
    attempts: AttemptStore;
    recovery: Recovery;
    taskRecovery: TaskRecovery;
    board: FlightBoard;
    credentials: OwnAccount;
  }) {
    this.#attempts = parts.attempts;
    this.#recovery = parts.recovery;
    this.#taskRecovery = parts.taskRecovery;
    this.#board = parts.board;
    this.#credentials = parts.credentials;
  }

  /** Puts into the air what was paid for the recipe and is not stored, so that who asks for it now joins that. */
  async takeUp(recipe: RecipeAddress): Promise<void> {
    const own = await this.#credentials.ownAccount();
    for (const attempt of await this.#attempts.listLeft(recipe)) {
      if (this.#board.progressOf(attempt.id) !== undefined) continue;
      if (attempt.state === 'answered') this.#recovery.takeUp(attempt);
      else if (own !== undefined) await this.#taskRecovery.resumeOwn(attempt.id, own);
    }
  }
}
