import { LRUCache } from 'lru-cache';
import type { Entry } from '../../core/entries/entry.ts';
import type { AnsweredRequest } from '../../core/events.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import type { EntryFinder } from './entry-finder.ts';

/** How a request that was a hit was answered, so that its repetition can be answered alike. */
export interface RememberedHit {
  readonly entry: Entry;
  readonly door: string;
  /** Headers that do not change from answer to answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body around the request id. */
  readonly parts: readonly string[];
}

/** A repeated request's answer, up to its age and its request id. */
export interface RememberedAnswer {
  readonly ageSeconds: number;
  readonly hit: RememberedHit;
}

const MEMORY_BYTES = 32 * 1024 * 1024;

/** Collaborators of `RequestMemo`. */
export interface RequestMemoDeps {
  readonly finder: EntryFinder;
  readonly clock: Pick<Clock, 'now'>;
  readonly reporter: Reporter;
}

/**
 * Requests that were hits, by everything that was sent: head and body, byte for byte. Whoever sends the very same
 * again has passed every check that the first one passed, so only what may have changed on our side is asked: whether
 * the entry is still the one to give, and whether its pictures are still there. Takes the work of routing, checking and
 * understanding off the requests that image pipelines repeat all day.
 */
export class RequestMemo {
  readonly #deps: RequestMemoDeps;
  readonly #hits = new LRUCache<string, RememberedHit>({
    maxSize: MEMORY_BYTES,
    sizeCalculation: ({ parts }, request) =>
      1_000 + 2 * request.length + parts.reduce((sum, part) => sum + part.length, 0),
  });

  constructor(deps: RequestMemoDeps) {
    this.#deps = deps;
  }

  /** Only for plain hits: chosen by recipe alone, for a credential that needs no proof. */
  remember(request: string, hit: RememberedHit): void {
    this.#hits.set(request, hit);
  }

  /** Counts the request `as` which it came, when the answer still holds. */
  find(
    request: string,
    as: Pick<AnsweredRequest, 'requestId' | 'traceId' | 'path'>,
  ): RememberedAnswer | undefined {
    const hit = this.#hits.get(request);
    if (hit === undefined || !this.#deps.finder.isCurrent(hit.entry)) return undefined;
    this.#deps.finder.used(hit.entry);
    const { model, scope } = hit.entry;
    this.#deps.reporter.report({
      type: 'request',
      ...as,
      method: 'POST',
      door: hit.door,
      status: 200,
      elapsedMs: 0,
      result: 'hit',
      model,
      scope,
    });
    const ageSeconds = Math.max(0, Math.floor((this.#deps.clock.now() - hit.entry.createdAt) / 1000));
    return { hit, ageSeconds };
  }
}
