import { MULTIMODAL } from '../../core/dashscope/endpoints.ts';
import { translateBody } from '../../core/dashscope/translate.ts';
import type { Cost } from '../../core/events.ts';
import { describeRefusal, isAboutRequest } from '../client/error-body.ts';
import { askExplanation, type ExplainScope, readExplanation } from '../client/explanation.ts';
import { GENERATE_PATH, type ServerClient } from '../client/server-client.ts';
import { Failure } from '../failure.ts';
import { inlineReferences } from '../local-references.ts';
import { type GivenRequest, parseRequest } from '../request-argument.ts';

/** A line of the file: a request in any dialect. */
export interface WarmLine {
  /** From 1, as editors count. */
  readonly number: number;
  readonly text: string;
}

/** An image that is not stored yet. */
export interface PlannedPurchase {
  readonly line: number;
  readonly path: string;
  readonly text: string;
  /** Null when the price is not known. */
  readonly cost: Cost | null;
}

export interface LineFailure {
  readonly line: number;
  readonly message: string;
}

/** What warming a file would do. */
export interface WarmPlan {
  readonly lines: number;
  /** Lines whose images are stored already. */
  readonly stored: number;
  /** Lines that ask for the same as an earlier line, which buys it. */
  readonly repeated: number;
  readonly purchases: readonly PlannedPurchase[];
  readonly failed: readonly LineFailure[];
}

type Checked =
  | { readonly kind: 'stored' }
  | { readonly kind: 'missing'; readonly name: string; readonly purchase: PlannedPurchase }
  | { readonly kind: 'failed'; readonly message: string };

/** The lines that are not blank. */
export function splitLines(text: string): WarmLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line, index) => ({ number: index + 1, text: line }))
    .filter((line) => line.text.trim() !== '');
}

/** Finds out whether a line has to be bought; buys nothing. Throws failures that every line would have. */
export async function checkLine(client: ServerClient, line: WarmLine, scope: ExplainScope): Promise<Checked> {
  const request = await readLine(line);
  if (request instanceof Failure) return { kind: 'failed', message: request.message };
  const answer = await askExplanation(client, request.text, scope);
  if (isAboutRequest(answer.status)) {
    return { kind: 'failed', message: describeRefusal(answer.status, answer.text, client.origin) };
  }
  const { dialect, result, reason, key, cost } = readExplanation(answer, client);
  if (result === 'hit') return { kind: 'stored' };
  if (result !== 'miss' || key === null) return { kind: 'failed', message: `it cannot be kept. ${reason}` };
  const door = doorFor(dialect, request);
  if (door === undefined) {
    return { kind: 'failed', message: 'with these fields it can only be a task: ask for it as messages' };
  }
  const take = request.body.take ?? '';
  return { kind: 'missing', name: `${key} ${take}`, purchase: { line: line.number, cost, ...door } };
}

/** Sums up the lines, in their order. */
export function planOf(lines: readonly WarmLine[], checked: readonly Checked[]): WarmPlan {
  const purchases = new Map<string, PlannedPurchase>();
  const failed: LineFailure[] = [];
  let stored = 0;
  let repeated = 0;
  for (const [index, { number }] of lines.entries()) {
    const one = checked[index];
    if (one?.kind === 'stored') stored += 1;
    else if (one?.kind === 'failed') failed.push({ line: number, message: one.message });
    else if (one?.kind === 'missing' && purchases.has(one.name)) repeated += 1;
    else if (one?.kind === 'missing') purchases.set(one.name, one.purchase);
  }
  return { lines: lines.length, stored, repeated, purchases: [...purchases.values()], failed };
}

async function readLine({ text }: WarmLine): Promise<GivenRequest | Failure> {
  try {
    return await inlineReferences(parseRequest(text, 'it'));
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** The path and the text to send a request of this dialect with; undefined where no path answers with the image. */
function doorFor(dialect: string, request: GivenRequest): Pick<PlannedPurchase, 'path' | 'text'> | undefined {
  if (dialect === 'image.generate') return { path: GENERATE_PATH, text: request.text };
  if (dialect === 'openai') return { path: '/v1/images/generations', text: request.text };
  // The prompt-shaped endpoints answer with tasks only; as messages the same request gets the image.
  const body = translateBody(request.body, MULTIMODAL.shape);
  if (body === undefined) return undefined;
  return { path: MULTIMODAL.path, text: body === request.body ? request.text : JSON.stringify(body) };
}
