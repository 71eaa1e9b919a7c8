import type { HttpServices } from '../dependencies.ts';
import { encodeEvent } from '../wire/latest-events.ts';
import type { FlightsBody } from './flight-schema.ts';

/** Four times a second is as fast as anybody reads. */
const LOOK_MS = 250;
/** Told again after so many looks, so that the connection is seen to live. */
const LOOKS = 60;

type FlightServices = Pick<HttpServices, 'images' | 'registry' | 'governor' | 'clock'>;

/** The flights in the air, oldest first. */
export function flightsBody({ registry, governor, clock }: Omit<FlightServices, 'images'>): FlightsBody {
  const now = clock.now();
  const flights = registry.list().map(({ id, model, state, stage, waiters, createdAt }) => ({
    purchase_id: id,
    model,
    state,
    stage: stage ?? null,
    waiters,
    age_ms: Math.max(0, now - createdAt),
  }));
  return { flights, queued: governor.queued };
}

/** The same as an event whenever something has changed, until the server stops. */
export async function* flightEvents(services: FlightServices): AsyncGenerator<Uint8Array, void, undefined> {
  const { images, registry, governor, clock } = services;
  let told: string | undefined;
  for (let looks = 0; !images.isClosing; looks += 1) {
    const state = JSON.stringify([registry.list(), governor.queued]);
    if (state !== told || looks === LOOKS) {
      told = state;
      looks = 0;
      yield encodeEvent('flights', flightsBody(services));
    }
    await clock.sleep(LOOK_MS);
  }
}
