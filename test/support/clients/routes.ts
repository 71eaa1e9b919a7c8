import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { portableForms } from '../../../src/adapters/multipart/form-reader.ts';
import { nodePlatform } from '../../../src/adapters/node/platform.ts';
import { systemClock } from '../../../src/adapters/system/clock.ts';
import { createUndiciTransport } from '../../../src/adapters/undici/transport.ts';
import { createApp } from '../../../src/http/app.ts';
import { Slots } from '../../../src/services/limits/slots.ts';
import { RELAY_SLOTS, Relay } from '../../../src/services/relay.ts';
import type { Stack } from '../servers/stack.ts';

export interface KnownRoute {
  /** `ALL` where one handler takes every method. */
  readonly method: string;
  /** As OpenAPI spells it: `/blobs/{name}`. */
  readonly path: string;
}

/** The routes of the app that a stack's server runs; wildcards are left out. */
export function routesOf(stack: Stack): readonly KnownRoute[] {
  const { services, config } = stack.server;
  const transport = createUndiciTransport();
  const upstream = { origin: stack.simulator.origin, prefix: '', loopHeaders: [] };
  const app = createApp(
    {
      ...services,
      relay: new Relay(
        { transport, slots: new Slots(systemClock, RELAY_SLOTS) },
        { ...upstream, hidesAccount: false },
      ),
      clock: systemClock,
      platform: nodePlatform,
      pageAssets: { find: async () => undefined },
      forms: portableForms,
      probe: imageProbe,
      reporter: { report: () => {} },
      newRequestId: systemClock.uuid,
    },
    {
      local: true,
      site: config.site,
      publicUrl: undefined,
      addedModels: config.models,
      prices: config.prices,
      maxBody: config.maxBody,
      maxImage: config.maxImage,
      ownTasksOnly: false,
      passthrough: undefined,
      forwardsTrace: true,
      loopId: 'dashcache-test',
    },
  );
  return app.routes
    .filter(({ path }) => !path.includes('*'))
    .map(({ method, path }) => ({ method, path: path.replace(/:(\w+)/g, '{$1}') }));
}
