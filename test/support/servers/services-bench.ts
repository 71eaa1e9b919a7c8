import { InProcessFlights } from '../../../src/adapters/flight/in-process.ts';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { parseConfig } from '../../../src/config.ts';
import { type Directives, NO_DIRECTIVES } from '../../../src/core/cache/directives.ts';
import { AppError } from '../../../src/core/errors.ts';
import { createServices, type Services } from '../../../src/services/create-services.ts';
import type { ImageRequest } from '../../../src/services/image-request.ts';
import { governorOptions, InProcessGovernor } from '../../../src/services/limits/in-process-governor.ts';
import { FakeUploads } from '../fakes/fake-uploads.ts';
import type { FakeUpstream } from '../fakes/fake-upstream.ts';
import { Faults } from '../fakes/faulty.ts';
import { RecordingReporter } from '../fakes/recording-reporter.ts';
import { type Machine, watchDriver } from './store-bench.ts';

/** The services of one process on a machine, whose calls go through `faults`. */
export function startServices(
  machine: Machine,
  upstream: FakeUpstream,
  {
    faults = new Faults(),
    reporter = new RecordingReporter(),
    env = {},
  }: {
    readonly faults?: Faults;
    readonly reporter?: RecordingReporter;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Services {
  const config = parseConfig(env);
  return createServices(
    {
      database: faults.watch('database', machine.database),
      isSoleWriter: true,
      blobDriver: watchDriver(faults, machine.driver),
      hasher: nativeHasher,
      probe: imageProbe,
      clock: machine.clock,
      reporter,
      runtime: { families: () => [] },
      transport: machine.transport,
      upstream,
      thumbnails: undefined,
      uploadDriver: new MemoryBlobDriver(machine.clock),
      uploadUpstream: new FakeUploads(),
      fetcher: { fetch: () => Promise.reject(new AppError('reference_unavailable', 'no network')) },
      governor: new InProcessGovernor(machine.clock, governorOptions(config)),
      flights: new InProcessFlights(),
      healing: new InProcessFlights(),
      proofs: new InProcessFlights(),
      uploading: new InProcessFlights(),
    },
    config,
    { serverKey: undefined, keyPlaces: '', secret: new Uint8Array(32) },
  );
}

/** Alice's request for a picture, in no dialect. */
export function imageRequest(
  prompt: string,
  directives: Partial<Directives> = {},
  more: Partial<ImageRequest> = {},
): ImageRequest {
  const model = 'qwen-image-max';
  return {
    recipe: { model, prompt, canonical: JSON.stringify({ model, prompt }), seedless: true },
    key: `k1:${prompt}`,
    site: 'cn',
    scope: 'alice',
    account: 'account',
    apiKey: 'sk',
    isAsyncUpstream: false,
    directives: { ...NO_DIRECTIVES, ...directives },
    references: [],
    call: async () => ({ path: '/', headers: [], body: new TextEncoder().encode(prompt), apiKey: 'sk' }),
    ...more,
  };
}
