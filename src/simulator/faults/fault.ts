import { isRecord, type JsonRecord } from '../util/json.ts';
import { type AnswerShape, answerShapes } from '../vendor/answer-shapes.ts';
import { type FaultTarget, targets } from './fault-target.ts';

/** What goes wrong with one request. */
export type FaultEffect =
  /** An error answer. `code` alone brings its usual status and message; `billed` charges for the image first. */
  | {
      readonly kind: 'refuse';
      readonly status?: number;
      readonly code?: string;
      readonly message?: string;
      /** Value of a Retry-After header: seconds or an HTTP date. */
      readonly retryAfter?: string;
      readonly billed?: boolean;
    }
  /** The connection ends before any byte of an answer; with `billed`, after the image was paid for. */
  | { readonly kind: 'reset'; readonly billed?: boolean }
  /** Headers, `after` (default 0) whole chunks of the body and part of the next arrive, then the connection ends. */
  | { readonly kind: 'cut'; readonly after?: number }
  /** No answer: the connection ends when the fault is released or the client leaves. */
  | { readonly kind: 'hang' }
  /**
   * The work is done and billed, but the answer waits for release; `body`: what follows the body's first `after`
   * (default 1) chunks goes out late. A stream's chunks are its events.
   */
  | { readonly kind: 'hold'; readonly at?: 'answer' | 'body'; readonly after?: number }
  /** The body arrives in chunks of `chunkBytes` with `delayMs` before each but the first. */
  | { readonly kind: 'slow'; readonly chunkBytes?: number; readonly delayMs?: number }
  /** Half of the body, under a Content-Length that agrees. */
  | { readonly kind: 'truncate' }
  /** 200 with an HTML page, as a captive portal would answer. */
  | { readonly kind: 'html' }
  /** 307 to another place. */
  | { readonly kind: 'redirect'; readonly location: string }
  /** The same answer as 201, 202 or the like, or compressed for a client that never offered to read gzip. */
  | { readonly kind: 'rewrap'; readonly status?: number; readonly encoding?: 'gzip' }
  /**
   * What a gateway says when it lost the service behind it: 502 in JSON, or 503 in plain text. With `billed`, the
   * image was drawn and charged for all the same.
   */
  | {
      readonly kind: 'gateway';
      readonly reason: 'prematurely_closed' | 'connection_termination';
      readonly billed?: boolean;
    }
  /** Polls only: the task is UNKNOWN this time. */
  | { readonly kind: 'unknown_task' }
  /**
   * Generation only: a success without an image, one with words instead, or a 200 that carries an error code. `task`:
   * the synchronous path answers with the id of a task, which draws as any other does.
   */
  | { readonly kind: 'answer'; readonly answer: 'no_image' | 'text_only' | 'refused' | 'task' }
  /** Generation only: drawn and charged for, but told in an envelope that the model's documentation does not have. */
  | { readonly kind: 'reshape'; readonly shape: AnswerShape }
  /**
   * Generation only: the drawing itself fails with `code` (default InternalError). With `images`, only so many of the
   * images are missing from a success. Otherwise a task ends FAILED, a stream ends in an error event after `after`
   * (default 1) events, and any other call is refused.
   */
  | {
      readonly kind: 'fail';
      readonly code?: string;
      readonly message?: string;
      readonly images?: number;
      readonly after?: number;
    };

/** The faults that change what a call comes to, instead of how its answer travels. */
export type OutcomeFault = Extract<
  FaultEffect,
  { readonly kind: 'answer' | 'reshape' | 'fail' | 'unknown_task' }
>;

/**
 * A fault for the next `times` (default 1) requests to `on`, or for all of them; to this model or with this API key
 * only, when one is named. A broader name (`generation`, `tasks`, `other`) reaches the narrower ones too.
 */
export interface FaultSpec {
  readonly on: FaultTarget;
  readonly effect: FaultEffect;
  readonly times?: number | 'always';
  readonly model?: string;
  readonly key?: string;
}

const specFields = ['on', 'effect', 'times', 'model', 'key'];

const effectFields: Readonly<
  Record<FaultEffect['kind'], Readonly<Record<string, 'string' | 'number' | 'boolean'>>>
> = {
  refuse: { status: 'number', code: 'string', message: 'string', retryAfter: 'string', billed: 'boolean' },
  reset: { billed: 'boolean' },
  cut: { after: 'number' },
  hang: {},
  hold: { at: 'string', after: 'number' },
  slow: { chunkBytes: 'number', delayMs: 'number' },
  truncate: {},
  html: {},
  redirect: { location: 'string' },
  rewrap: { status: 'number', encoding: 'string' },
  gateway: { reason: 'string', billed: 'boolean' },
  unknown_task: {},
  reshape: { shape: 'string' },
  answer: { answer: 'string' },
  fail: { code: 'string', message: 'string', images: 'number', after: 'number' },
};

/** The fault that a JSON value describes, or a sentence saying what is wrong with it. */
export function parseFaultSpec(value: unknown): FaultSpec | string {
  if (!isRecord(value)) return 'a fault is a JSON object';
  const unknown = Object.keys(value).find((key) => !specFields.includes(key));
  if (unknown) return `unknown field ${unknown}`;
  const on = targets.find((target) => target === value.on);
  if (!on) return `on must be one of ${targets.join(', ')}`;
  const { times = 1, model, key } = value;
  if (times !== 'always' && !isTimes(times)) return 'times must be 1 or more, or always';
  if (model !== undefined && typeof model !== 'string') return 'model must be a string';
  if (key !== undefined && typeof key !== 'string') return 'key must be a string';
  const effect = parseEffect(value.effect);
  if (typeof effect === 'string') return effect;
  return {
    on,
    effect,
    times,
    ...(model === undefined ? {} : { model }),
    ...(key === undefined ? {} : { key }),
  };
}

function isTimes(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1;
}

function parseEffect(value: unknown): FaultEffect | string {
  if (!isRecord(value)) return 'effect must be a JSON object';
  const { kind } = value;
  if (!isKind(kind)) return `effect.kind must be one of ${Object.keys(effectFields).join(', ')}`;
  for (const [name, given] of Object.entries(value)) {
    if (name === 'kind') continue;
    const type = effectFields[kind][name];
    if (!type) return `effect.${name} does not belong to ${kind}`;
    if (typeof given !== type) return `effect.${name} must be a ${type}`;
  }
  const effect: JsonRecord = value;
  if (!isEffect(effect)) return `effect: bad value for ${kind}`;
  return effect;
}

function isKind(kind: unknown): kind is FaultEffect['kind'] {
  return typeof kind === 'string' && Object.hasOwn(effectFields, kind);
}

/** Field types are checked by now: what remains are the enumerations and ranges. */
function isEffect(value: JsonRecord): value is JsonRecord & FaultEffect {
  switch (value.kind) {
    case 'answer':
      return ['no_image', 'text_only', 'refused', 'task'].some((answer) => answer === value.answer);
    case 'reshape':
      return answerShapes.some((shape) => shape === value.shape);
    case 'rewrap':
      return (
        (value.encoding === undefined || value.encoding === 'gzip') &&
        (value.status === undefined || isStatusIn(value.status, 200, 299))
      );
    case 'gateway':
      return ['prematurely_closed', 'connection_termination'].some((reason) => reason === value.reason);
    case 'cut':
      return isCount(value.after, 0);
    case 'hold':
      return (
        (value.at === undefined || value.at === 'answer' || value.at === 'body') && isCount(value.after, 1)
      );
    case 'fail':
      return isCount(value.images, 1) && isCount(value.after, 0);
    case 'refuse':
      return value.status === undefined || isStatusIn(value.status, 400, 599);
    case 'redirect':
      return typeof value.location === 'string';
    case 'slow':
      return value.chunkBytes === undefined || Number(value.chunkBytes) >= 1;
    default:
      return true;
  }
}

/** True for a whole number of at least `least`, and for none. */
function isCount(value: unknown, least: number): boolean {
  return value === undefined || (Number.isSafeInteger(value) && Number(value) >= least);
}

function isStatusIn(status: unknown, least: number, most: number): boolean {
  return typeof status === 'number' && Number.isInteger(status) && status >= least && status <= most;
}
