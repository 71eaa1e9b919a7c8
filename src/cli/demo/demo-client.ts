/** The result of one request of the demo. */
export interface DemoAnswer {
  /** 0 when the client hung up before the answer. */
  readonly status: number;
  /** `X-Cache` of the answer. */
  readonly cache: string;
  readonly elapsedMs: number;
  readonly imageUrls: readonly string[];
}

interface GenerationBody {
  readonly output?: {
    readonly choices?: readonly {
      readonly message?: { readonly content?: readonly { readonly image?: string }[] };
    }[];
  };
}

const PATH = '/api/v1/services/aigc/multimodal-generation/generation';

/** The result of a request whose client hung up: nobody read the answer. */
export const GIVEN_UP: DemoAnswer = { status: 0, cache: 'GIVEN UP', elapsedMs: 0, imageUrls: [] };

/** A program that speaks DashScope's API over HTTP, as any SDK does. */
export class DemoClient {
  readonly #origin: string;
  readonly #apiKey: string;

  constructor(origin: string, apiKey: string) {
    this.#origin = origin;
    this.#apiKey = apiKey;
  }

  /** Sends a request body unchanged. */
  async send(body: string, signal?: AbortSignal): Promise<DemoAnswer> {
    const startedAt = performance.now();
    const response = await fetch(this.#origin + PATH, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#apiKey}`, 'content-type': 'application/json' },
      body,
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    const elapsedMs = performance.now() - startedAt;
    const cache = response.headers.get('x-cache') ?? '-';
    return { status: response.status, cache, elapsedMs, imageUrls: response.ok ? imageUrlsOf(text) : [] };
  }
}

/** A request for one image, as the Python SDK spells it. */
export function generationBody(
  model: string,
  prompt: string,
  more: { size?: string; seed?: number; images?: readonly string[] } = {},
): string {
  const { images = [], size, seed } = more;
  const content = [...images.map((image) => ({ image })), { text: prompt }];
  return JSON.stringify({
    model,
    parameters: { size, seed, n: 1 },
    input: { messages: [{ role: 'user', content }] },
  });
}

function imageUrlsOf(text: string): string[] {
  const body: GenerationBody = JSON.parse(text);
  const items = body.output?.choices?.flatMap((choice) => choice.message?.content ?? []) ?? [];
  return items.flatMap(({ image }) => (image === undefined ? [] : [image]));
}
