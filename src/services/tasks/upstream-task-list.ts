import { AppError } from '../../core/errors.ts';
import type { HeaderList } from '../../core/headers.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../core/json/json-value.ts';
import type { Clock } from '../../ports/clock.ts';
import type { ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import { TransportError } from '../../ports/transport.ts';
import { DeadlineError, withDeadline } from '../limits/deadline.ts';
import { Pacer } from '../limits/pacer.ts';

export interface UpstreamListRequest {
  /** The client's own filters. */
  readonly query: URLSearchParams;
  readonly apiKey: string;
  /** Whose quota of calls it counts against. */
  readonly account: string;
  /** Who has asked already (RFC 8586). */
  readonly via: HeaderList;
  /** How many of the newest are wanted. */
  readonly wanted: number;
  /** Ids that are left out. */
  readonly hidden: ReadonlySet<string>;
}

/** The newest tasks that match, at least as many as were wanted if there are so many, or the vendor's refusal. */
export type UpstreamList =
  | { readonly kind: 'list'; readonly tasks: readonly JsonObject[]; readonly total: number }
  | { readonly kind: 'refused'; readonly answer: UpstreamAnswer };

/** The vendor's own bound on a page. */
const PAGE_SIZE = 100;
/** Read even where fewer would do: which of the tasks are left out, and do not count, is seen only in the list. */
const COUNTED_PAGES = 20;
const MAX_PAGES = 100;
/** The vendor allows 20 calls a second for one account; the others are for polls. */
const PAGES_PER_SECOND = 5;
const TIMEOUT_MS = 30_000;

/** Collaborators of `VendorTaskList`. */
export interface UpstreamTaskListDeps {
  readonly upstream: Pick<ImageUpstream, 'list'>;
  readonly clock: Clock;
}

/** The tasks of an account as the vendor lists them, page by page. */
export class UpstreamTaskList {
  readonly #deps: UpstreamTaskListDeps;
  readonly #pacer: Pacer;

  constructor(deps: UpstreamTaskListDeps) {
    this.#deps = deps;
    this.#pacer = new Pacer(deps.clock, PAGES_PER_SECOND);
  }

  /**
   * `total` is exact up to 2000 tasks; of more, those to be left out count where they were not read. `invalid_request` for
   * what lies too far back, `upstream_unreachable`, `upstream_timeout`, `upstream_invalid`.
   */
  async read(request: UpstreamListRequest): Promise<UpstreamList> {
    try {
      return await withDeadline(this.#deps.clock, TIMEOUT_MS, (signal) => this.#readPages(request, signal));
    } catch (cause) {
      if (cause instanceof DeadlineError)
        throw new AppError('upstream_timeout', 'Upstream took too long to list its tasks.', { cause });
      if (cause instanceof TransportError)
        throw new AppError('upstream_unreachable', 'Upstream cannot be asked for its tasks.', { cause });
      throw cause;
    }
  }

  async #readPages(request: UpstreamListRequest, signal: AbortSignal): Promise<UpstreamList> {
    const { hidden, wanted } = request;
    // By id: a task submitted meanwhile pushes others to the next page.
    const seen = new Map<string, JsonObject>();
    for (let page = 1; ; page += 1) {
      const answer = await this.#ask(request, page, signal);
      if (answer.status !== 200) return { kind: 'refused', answer };
      const { data, total } = parseList(answer.body);
      const before = seen.size;
      for (const task of data) seen.set(String(task.task_id), task);
      const isWhole = seen.size >= total || seen.size === before;
      const tasks = [...seen.values()].filter(({ task_id }) => !hidden.has(String(task_id)));
      if (isWhole || (tasks.length >= wanted && page >= COUNTED_PAGES)) {
        const unread = isWhole ? 0 : total - seen.size;
        return { kind: 'list', tasks, total: tasks.length + unread };
      }
      if (page >= MAX_PAGES)
        throw new AppError('invalid_request', 'This page lies too far back: ask for a range of time.');
    }
  }

  async #ask(
    { query, apiKey, account, via }: UpstreamListRequest,
    page: number,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer> {
    const asked = new URLSearchParams(query);
    asked.set('page_no', String(page));
    asked.set('page_size', String(PAGE_SIZE));
    await this.#pacer.turn(account, { signal });
    return await this.#deps.upstream.list(asked.toString(), apiKey, signal, via);
  }
}

function parseList(body: Uint8Array): { data: JsonObject[]; total: number } {
  const value = parse(new TextDecoder().decode(body));
  const data = isJsonObject(value) && isJsonArray(value.data) ? value.data.filter(isJsonObject) : [];
  return { data, total: isJsonObject(value) && typeof value.total === 'number' ? value.total : data.length };
}

function parse(text: string): JsonValue {
  try {
    const value: JsonValue = JSON.parse(text);
    return value;
  } catch (cause) {
    throw new AppError('upstream_invalid', 'Upstream answered the list of tasks with no JSON.', { cause });
  }
}
