import type { HeaderList } from '../../../src/core/headers.ts';
import type { GenerationCall, ImageUpstream, UpstreamAnswer } from '../../../src/ports/image-upstream.ts';

/** A vendor whose answers the test writes. Rejects with the signal's reason when that aborts first. */
export class FakeUpstream implements ImageUpstream {
  readonly calls: GenerationCall[] = [];
  readonly proofs: string[] = [];
  onGenerate: (call: GenerationCall) => Promise<UpstreamAnswer> | UpstreamAnswer = () => answer(200, drawn());
  onProve: (apiKey: string) => Promise<UpstreamAnswer> | UpstreamAnswer = () => answer(200, {});

  async generate(call: GenerationCall, signal: AbortSignal): Promise<UpstreamAnswer> {
    this.calls.push(call);
    return await beforeAbort(async () => this.onGenerate(call), signal);
  }

  /** Keys that polled, and keys that canceled, in order. */
  readonly polls: string[] = [];
  readonly cancels: string[] = [];
  onPoll: (taskId: string) => Promise<UpstreamAnswer> | UpstreamAnswer = () => answer(200, {});

  async poll(taskId: string, apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    this.polls.push(apiKey);
    return await beforeAbort(async () => this.onPoll(taskId), signal);
  }

  async cancel(_taskId: string, apiKey: string): Promise<UpstreamAnswer> {
    this.cancels.push(apiKey);
    return answer(200, {});
  }

  async list(): Promise<UpstreamAnswer> {
    return answer(200, { data: [], total: 0 });
  }

  async prove(apiKey: string, signal: AbortSignal): Promise<UpstreamAnswer> {
    this.proofs.push(apiKey);
    return await beforeAbort(async () => this.onProve(apiKey), signal);
  }
}

/** An answer with a JSON body. */
export function answer(status: number, body: object, headers: HeaderList = []): UpstreamAnswer {
  return { status, headers, body: new TextEncoder().encode(JSON.stringify(body)), simulated: false };
}

/** The body of a success with these pictures. */
export function drawn(...urls: readonly string[]): object {
  const images = urls.length === 0 ? ['https://results.example/1.png'] : urls;
  return {
    output: {
      choices: [
        {
          finish_reason: 'stop',
          message: { role: 'assistant', content: images.map((image) => ({ image })) },
        },
      ],
    },
    usage: { image_count: images.length },
    request_id: 'upstream-1',
  };
}

function beforeAbort<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work().then(resolve, reject);
  });
}
