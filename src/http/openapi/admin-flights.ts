import { Flights, Purchase, PurchasePage, PurchasesQuery } from '../admin/flight-schema.ts';
import { admin, events } from './admin-operation.ts';
import { type ApiPart, json } from './operation.ts';

/** What is being bought, and what was. */
export const ADMIN_FLIGHTS: ApiPart = {
  tag: 'Admin: flights',
  about: 'What is being bought, and what came of earlier purchases.',
  paths: {
    '/admin/api/flights': {
      get: admin({
        id: 'listFlights',
        does: 'List the flights in the air, oldest first',
        answers: { 200: { is: 'The flights right now.', content: json(Flights) } },
      }),
    },
    '/admin/api/flights/events': {
      get: admin({
        id: 'watchFlights',
        does: 'Watch the flights as they change',
        answers: {
          200: {
            is: 'Events until the reader leaves or the server stops.',
            content: events(
              'Events `flights`, each with what `/admin/api/flights` answers: at most four a second, and one every 15 seconds when nothing changes.',
            ),
          },
        },
      }),
    },
    '/admin/api/purchases': {
      get: admin({
        id: 'listPurchases',
        does: 'List the records of purchases, last changed first',
        more: 'A record is kept for 30 days after its purchase ended.',
        query: PurchasesQuery.entries,
        answers: { 200: { is: 'One page of records.', content: json(PurchasePage) } },
      }),
    },
  },
  schemas: { Flights, Purchase },
};
