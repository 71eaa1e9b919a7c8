import { saysFileIsLost } from '../../core/dashscope/lost-upload.ts';
import type { HeaderList } from '../../core/headers.ts';
import type { GenerationCall, ImageUpstream, UpstreamAnswer } from '../../ports/image-upstream.ts';
import type { Reporter } from '../../ports/reporter.ts';

/** Collaborators of `UploadRenewer`. */
export interface UploadRenewerDeps {
  readonly upstream: ImageUpstream;
  readonly reporter: Reporter;
}

/**
 * The vendor's API, where a temporary upload that died before its time costs nobody an image: we hold the bytes, so the file
 * goes up anew and the request is sent again, once. It was refused, so nothing was bought.
 */
export class UploadRenewer implements ImageUpstream {
  readonly #deps: UploadRenewerDeps;

  constructor(deps: UploadRenewerDeps) {
    this.#deps = deps;
  }

  async generate(call: GenerationCall, signal: AbortSignal): Promise<UpstreamAnswer> {
    const answer = await this.#deps.upstream.generate(call, signal);
    if (call.renewedBody === undefined || !saysFileIsLost(answer.status, answer.body)) return answer;
    let body: Uint8Array;
    try {
      body = await call.renewedBody();
    } catch (cause) {
      // The refusal stands; why the file could not go up again is for the log.
      this.#deps.reporter.report({ type: 'failure', where: 'renewal of an upload', cause });
      return answer;
    }
    return await this.#deps.upstream.generate({ ...call, body }, signal);
  }

  poll(taskId: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    return this.#deps.upstream.poll(taskId, apiKey, signal);
  }

  cancel(taskId: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    return this.#deps.upstream.cancel(taskId, apiKey, signal);
  }

  list(query: string, apiKey: string, signal: AbortSignal, via: HeaderList): Promise<UpstreamAnswer> {
    return this.#deps.upstream.list(query, apiKey, signal, via);
  }

  prove(apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    return this.#deps.upstream.prove(apiKey, signal);
  }
}
