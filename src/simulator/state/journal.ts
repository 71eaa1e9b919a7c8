import { type FaultTarget, namesOf, reaches } from '../faults/fault-target.ts';
import { PeakRate } from '../util/peak-rate.ts';
import { SignalCounter } from '../util/signal-counter.ts';

const MAX_RECORDED = 100;
const MAX_RECORDED_BYTES = 64 * 1024 * 1024;

/** One request as it arrived. */
export interface RecordedRequest {
  readonly target: FaultTarget;
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty where none was sent, or where it was too large to be read. */
  readonly body: string;
}

/** What happened to the generation requests for one model. */
export interface GenerationCounts {
  readonly asked: number;
  /** Answered with success, or billed before a scripted fault lost the answer. */
  readonly accepted: number;
  /** Images charged for. */
  readonly billedImages: number;
  /** Refusals by error code. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface Counters {
  /** By model; requests that name none stand under the empty name. */
  readonly generations: Readonly<Record<string, GenerationCounts>>;
  /** Sums of the above. */
  readonly asked: number;
  readonly accepted: number;
  readonly billedImages: number;
  /** Result URLs asked for, with any outcome. */
  readonly images: number;
  /** Calls under /api/v1/tasks: polls, cancels and lists. */
  readonly tasks: number;
  /** Tasks made. */
  readonly tasksSubmitted: number;
  /** Calls for one task's state. */
  readonly polls: number;
  /** The most polls in any one second, all accounts together. */
  readonly maxPollsPerSecond: number;
  /** Calls to cancel a task, with any outcome. */
  readonly cancels: number;
  /** Files stored by temporary upload. */
  readonly uploads: number;
  /** Bytes of those files. */
  readonly uploadBytes: number;
  /** Every other call of the API, upload policies included. */
  readonly other: number;
  /** Requests whose client left before the answer was complete. */
  readonly aborted: number;
}

interface MutableCounts {
  asked: number;
  accepted: number;
  billedImages: number;
  readonly refused: Record<string, number>;
}

/** What can be waited for. */
export type ArrivalName = FaultTarget | 'aborted';

/** What the simulator was asked and did. */
export class Journal {
  readonly #signals = new SignalCounter<ArrivalName>();
  readonly #generations = new Map<string, MutableCounts>();
  #recorded: RecordedRequest[] = [];
  #recordedBytes = 0;
  readonly #pollRate = new PeakRate(1000);
  #tasksSubmitted = 0;
  #uploads = 0;
  #uploadBytes = 0;

  /** Notes a request at `now` (epoch ms), and tells whoever waits for it. */
  arrived(request: RecordedRequest, model: string, now: number): void {
    this.#recorded.push(request);
    this.#recordedBytes += request.body.length;
    while (this.#recorded.length > MAX_RECORDED || this.#recordedBytes > MAX_RECORDED_BYTES) {
      this.#recordedBytes -= this.#recorded.shift()?.body.length ?? 0;
    }
    if (reaches('generation', request.target)) this.#of(model).asked++;
    if (request.target === 'poll') this.#pollRate.note(now);
    for (const name of namesOf(request.target)) this.#signals.signal(name);
  }

  /** Notes that a task was made. */
  submitted(): void {
    this.#tasksSubmitted++;
  }

  /** Notes that a file of this many bytes was stored. */
  uploaded(bytes: number): void {
    this.#uploads++;
    this.#uploadBytes += bytes;
  }

  /** Notes a generation for which the vendor would charge this many images. */
  accepted(model: string, images: number): void {
    const counts = this.#of(model);
    counts.accepted++;
    counts.billedImages += images;
  }

  /** Notes a generation that ended in this error code. */
  refused(model: string, code: string): void {
    const { refused } = this.#of(model);
    refused[code] = (refused[code] ?? 0) + 1;
  }

  /** Notes that a client left before its answer was complete. */
  aborted(): void {
    this.#signals.signal('aborted');
  }

  /** The latest requests, oldest first; bounded in number and bytes. */
  recent(target?: FaultTarget): readonly RecordedRequest[] {
    return this.#recorded.filter((request) => target === undefined || reaches(target, request.target));
  }

  counters(): Counters {
    const counts = [...this.#generations.values()];
    const sum = (field: 'asked' | 'accepted' | 'billedImages') =>
      counts.reduce((total, count) => total + count[field], 0);
    return {
      generations: structuredClone(Object.fromEntries(this.#generations)),
      asked: sum('asked'),
      accepted: sum('accepted'),
      billedImages: sum('billedImages'),
      images: this.#signals.count('image'),
      tasks: this.#signals.count('tasks'),
      tasksSubmitted: this.#tasksSubmitted,
      polls: this.#signals.count('poll'),
      maxPollsPerSecond: this.#pollRate.peak,
      cancels: this.#signals.count('cancel'),
      uploads: this.#uploads,
      uploadBytes: this.#uploadBytes,
      other: this.#signals.count('other'),
      aborted: this.#signals.count('aborted'),
    };
  }

  /** Resolves once there have been `count` such requests since the start. */
  waitFor(name: ArrivalName, count: number): Promise<void> {
    return this.#signals.waitFor(name, count);
  }

  #of(model: string): MutableCounts {
    const known = this.#generations.get(model);
    if (known) return known;
    const counts: MutableCounts = { asked: 0, accepted: 0, billedImages: 0, refused: {} };
    this.#generations.set(model, counts);
    return counts;
  }
}
