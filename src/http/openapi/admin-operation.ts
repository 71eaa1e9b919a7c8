import * as v from 'valibot';
import { means } from '../../core/schema.ts';
import { Problem } from '../wire/problem-schema.ts';
import { type Content, json, type Operation } from './operation.ts';

/** A failure as `application/problem+json`. */
export const PROBLEM: Content = { 'application/problem+json': Problem };

const FAILURES = {
  401: 'The admin token is missing or wrong.',
  403: 'The admin interface is closed, or in `local` mode another web page asks.',
  429: 'Too many wrong tokens from this address, or too much at once.',
};

const NOT_KNOWN = { 400: 'A parameter or a field is malformed or not known.' };

const BODY_FAILURES = {
  413: 'The body is larger than 64 KiB.',
  415: 'The body is not JSON.',
};

/** An operation of the admin interface, with what may go wrong with any of them. */
export function admin(operation: Omit<Operation, 'access' | 'failsAs'>): Operation {
  const failures = {
    ...NOT_KNOWN,
    ...FAILURES,
    ...(operation.body === undefined ? {} : BODY_FAILURES),
    ...operation.failures,
  };
  return { ...operation, access: 'admin', failsAs: PROBLEM, failures };
}

/** Server-Sent Events, in words. */
export function events(description: string): Content {
  return { 'text/event-stream': means(description, v.string()) };
}

/** JSON, or for those who ask for them events. */
export function jsonOrEvents(schema: v.GenericSchema, description: string): Content {
  return { ...json(schema), ...events(`For \`Accept: text/event-stream\`: ${description}`) };
}

/** What may be wrong with the key of entries. */
export const KEY_FAILURES = {
  400: 'Several scopes or sites hold the key, or a parameter or a field is malformed or not known.',
  404: 'No such entry is stored.',
};
