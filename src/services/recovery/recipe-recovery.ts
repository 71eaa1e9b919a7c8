import type { Principal } from '../../core/principal.ts';
import type { RecipeAddress } from '../../ports/flight-coordinator.ts';
import type { AttemptStore } from '../attempts/attempt-store.ts';
import type { FlightRegistry } from '../flights/flight-registry.ts';
import type { TaskRecovery } from '../tasks/task-recovery.ts';
import type { Recovery } from './recovery.ts';

/** The account whose key the server has. */
interface OwnAccount {
  ownAccount(): Promise<Pick<Principal, 'account' | 'apiKey'> | undefined>;
}

/** Collaborators of `RecipeRecovery`. */
export interface RecipeRecoveryDeps {
  readonly attempts: AttemptStore;
  readonly recovery: Recovery;
  readonly taskRecovery: TaskRecovery;
  readonly board: FlightRegistry;
  readonly credentials: OwnAccount;
}

/** For where each recipe has a home of its own, which may end and begin again while the others go on. */
export class RecipeRecovery {
  readonly #deps: RecipeRecoveryDeps;

  constructor(deps: RecipeRecoveryDeps) {
    this.#deps = deps;
  }

  /** Puts into the air what was paid for the recipe and is not stored, so that who asks for it now joins that. */
  async takeUp(recipe: RecipeAddress): Promise<void> {
    const own = await this.#deps.credentials.ownAccount();
    for (const attempt of await this.#deps.attempts.listLeft(recipe)) {
      if (this.#deps.board.progressOf(attempt.id) !== undefined) continue;
      if (attempt.state === 'answered') this.#deps.recovery.takeUp(attempt);
      else if (own !== undefined) await this.#deps.taskRecovery.resumeOwn(attempt.id, own);
    }
  }
}
