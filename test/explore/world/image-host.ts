import { type Transport, TransportError } from '../../../src/ports/transport.ts';
import { imageBytes } from './recipes.ts';
import type { Life, Steps } from './steps.ts';
import type { Vendor } from './vendor.ts';

/** Where result URLs point. */
export class ImageHost {
  /** The next so many requests find it away. */
  away = 0;
  readonly #steps: Steps;
  readonly #vendor: Vendor;

  constructor(steps: Steps, vendor: Vendor) {
    this.#steps = steps;
    this.#vendor = vendor;
  }

  portOf(life: Life): Transport {
    return {
      send: ({ path, signal }) =>
        this.#steps.take(life, `host.get ${path}`, () => {
          signal?.throwIfAborted();
          const [, number = '', index = ''] = /^\/(\d+)\/(\d+)\.png$/.exec(path) ?? [];
          const draw = this.#vendor.bill.draws[Number(number) - 1];
          if (this.away > 0) {
            this.away -= 1;
            if (this.away % 2 === 1) throw new TransportError('nobody answers there', false);
            return answer(503, new TextEncoder().encode('away'));
          }
          if (draw === undefined || this.#vendor.gone.has(draw.number))
            return answer(404, new TextEncoder().encode('gone'));
          return answer(200, imageBytes(draw.recipe.canonical, draw.number, Number(index)));
        }),
    };
  }
}

function answer(status: number, bytes: Uint8Array) {
  async function* body(): AsyncGenerator<Uint8Array, void, undefined> {
    yield bytes;
  }
  return { status, headers: [['content-length', String(bytes.length)] as const], body: body() };
}
