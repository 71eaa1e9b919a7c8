import { Bill, type Draw } from './bill.ts';
import type { KnownRecipe } from './recipes.ts';
import type { Time } from './time.ts';

export interface Job {
  readonly id: string;
  readonly recipe: KnownRecipe;
  readonly account: string;
  readonly fate: 'draw' | 'odd' | 'fewer' | 'gone';
  readonly runsAt: number;
  readonly endsAt: number;
  /** As of a draw. */
  readonly troubles: number;
  state: 'PENDING' | 'RUNNING' | 'SUCCEEDED' | 'CANCELED';
  /** Its receipt has reached a process. */
  isDelivered: boolean;
  /** A process has it on record: a restart finds it again. */
  isOnRecord: boolean;
  /** Nobody knows of it; or, when its process died at that moment, perhaps somebody. */
  isLost: boolean | 'perhaps';
  /** What it came to. */
  draw: Draw | undefined;
}

/** The vendor's tasks. They run and end with time, whoever asks. */
export class Jobs {
  readonly all: Job[] = [];
  readonly #time: Time;
  readonly #bill: Bill;

  constructor(time: Time, bill: Bill) {
    this.#time = time;
    this.#bill = bill;
  }

  submit(recipe: KnownRecipe, account: string, fate: Job['fate']): Job {
    const now = this.#time.now();
    const job: Job = {
      id: `job-${this.all.length + 1}`,
      recipe,
      account,
      fate,
      runsAt: now + 2_000,
      endsAt: now + 8_000,
      troubles: this.#bill.troubles(),
      state: 'PENDING',
      isDelivered: false,
      isOnRecord: false,
      isLost: false,
      draw: undefined,
    };
    this.all.push(job);
    return job;
  }

  find(id: string): Job | undefined {
    this.advance();
    return this.all.find((job) => job.id === id);
  }

  /** True when it had not begun to run. */
  cancel(id: string): boolean {
    const job = this.find(id);
    if (job?.state !== 'PENDING') return false;
    job.state = 'CANCELED';
    return true;
  }

  /** Nobody can know of it: what it comes to is charged for all the same. */
  lose(job: Job): void {
    job.isLost = true;
    if (job.draw !== undefined) Bill.lose(job.draw);
  }

  /** Brings every job to where it is by now. */
  advance(): void {
    const now = this.#time.now();
    for (const job of this.all) {
      if (job.state === 'PENDING' && now >= job.runsAt) job.state = 'RUNNING';
      if (job.state === 'RUNNING' && now >= job.endsAt) this.#end(job);
    }
  }

  #end(job: Job): void {
    const { recipe, account, fate } = job;
    job.state = 'SUCCEEDED';
    job.draw = this.#bill.charge(recipe, account, fate === 'fewer' ? recipe.count - 1 : recipe.count);
    if (fate !== 'draw') job.draw.isExcused = true;
    if (fate === 'odd') Bill.odd(job.draw);
    if (job.isLost === 'perhaps') Bill.doubt(job.draw);
    else if (job.isLost) Bill.lose(job.draw);
    job.draw.isRecoverable = job.isOnRecord;
  }
}
