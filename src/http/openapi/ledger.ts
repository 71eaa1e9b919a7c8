import * as v from 'valibot';
import { Ledger, LedgerQuery, LedgerRow } from '../ledger/ledger-schema.ts';
import { admin } from './admin-operation.ts';
import { type ApiPart, json } from './operation.ts';

/** `GET /admin/api/ledger`. */
export const LEDGER: ApiPart = {
  tag: 'Ledger',
  about: 'What requests came to, for whoever may look into the store.',
  paths: {
    '/admin/api/ledger': {
      get: admin({
        id: 'readLedger',
        does: 'Count requests, bytes, money and time by hour or day',
        more: "Of this server's site. Hours are kept for 90 days, then for ever as the sum of their day (UTC). Units without requests are left out.",
        query: LedgerQuery.entries,
        answers: { 200: { is: 'The rows, by time.', content: { ...json(Ledger), 'text/csv': v.string() } } },
        failures: { 400: 'A parameter is malformed or not known, or there are more than 10,000 rows.' },
      }),
    },
  },
  schemas: { Ledger, LedgerRow },
};
