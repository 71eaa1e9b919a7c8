import { concatBytes } from '../../core/bytes/concat-bytes.ts';
import { isAppError } from '../../core/errors.ts';
import { isFinal } from '../../core/purchases/purchase-state.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Reporter } from '../../ports/reporter.ts';
import { TransportError, type TransportResponse } from '../../ports/transport.ts';
import type { AnswerJudge } from './answer-judge.ts';
import { Flight } from './flight.ts';
import type { FlightRegistry } from './flight-registry.ts';
import { newPurchase, type Purchase } from './purchase.ts';
import { PurchaseRecord, type PurchaseRecordDeps } from './purchase-record.ts';

/** Who sends an image request past the cache. */
export type Bypass = Pick<Purchase, 'site' | 'scope' | 'model' | 'account'> & { readonly apiKey: string };

/** Collaborators of `BypassRecorder`. */
export interface BypassRecorderDeps {
  readonly judge: AnswerJudge;
  readonly registry: FlightRegistry;
  readonly recording: PurchaseRecordDeps;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** An answer is a few kilobytes; of what is larger nobody can tell what it cost. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** Keeps the books of image requests that are passed on as they come: they cost money like others, and nothing of them is stored. */
export class BypassRecorder {
  readonly #deps: BypassRecorderDeps;

  constructor(deps: BypassRecorderDeps) {
    this.#deps = deps;
  }

  /**
   * Sends a request that is on record before, and the answer while it passes through. What `send` throws is thrown. An
   * upstream task is followed for its price, with the caller's key.
   */
  async pass(bypass: Bypass, send: () => Promise<TransportResponse>): Promise<TransportResponse> {
    const { clock, recording } = this.#deps;
    const { site, scope, model, account, apiKey } = bypass;
    const known = { site, scope, model, account };
    const createdAt = clock.now();
    const purchase = newPurchase({ ...known, id: clock.uuid(), key: '', identity: undefined, createdAt });
    const record = PurchaseRecord.begin(recording, purchase);
    await this.#recordSent(record);
    try {
      const response = await send();
      return { ...response, body: this.#watch(record, apiKey, response) };
    } catch (error) {
      const cause = isAppError(error) ? error.cause : error;
      if (cause instanceof TransportError && !cause.sent)
        await record.advance('failed', { error: 'unreachable' });
      else await record.lose(error, { error: 'the answer did not come' });
      throw error;
    }
  }

  /** A full disk is no reason to stop serving. */
  async #recordSent(record: PurchaseRecord): Promise<void> {
    try {
      await record.advanceOrThrow('sent');
    } catch (cause) {
      if (!isAppError(cause, 'storage_full')) throw cause;
      this.#deps.reporter.report({ type: 'failure', where: 'purchase record', cause });
      record.move('sent');
    }
  }

  async *#watch(
    record: PurchaseRecord,
    apiKey: string,
    { status, headers, body }: TransportResponse,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    let isWhole = false;
    try {
      for await (const chunk of body) {
        bytes += chunk.byteLength;
        if (bytes <= MAX_ANSWER_BYTES) chunks.push(chunk);
        yield chunk;
      }
      isWhole = true;
    } finally {
      const simulated = headers.some(([name]) => name.toLowerCase() === 'x-dashcache-simulator');
      const answer = { status, headers: [...headers], body: concatBytes(chunks), simulated };
      if (isWhole) await this.#settle(record, apiKey, answer);
      else await record.lose('the client or upstream left', { status, error: 'the answer was cut off' });
    }
  }

  async #settle(
    record: PurchaseRecord,
    apiKey: string,
    answer: Parameters<AnswerJudge['judge']>[1],
  ): Promise<void> {
    const { judge, registry } = this.#deps;
    const sharing = { take: undefined, isFirst: false, isOpen: false };
    const flight = new Flight(record, { apiKey, sharing });
    await judge.judge(flight, answer, record.ageMs);
    if (isFinal(record.row.state) && record.isSaved) return;
    registry.add(flight);
    registry.launch(flight);
  }
}
