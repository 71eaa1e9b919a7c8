import type { Cost } from '../../core/events.ts';
import type { JsonValue } from '../../core/json/json-text.ts';
import { failureOf } from './admin-api.ts';
import { readErrorBody, refused } from './error-body.ts';
import type { HttpAnswer, ServerClient } from './server-client.ts';

/** What would become of a request, as `POST /admin/api/explain` says it. */
export interface ExplanationBody {
  readonly dialect: string;
  readonly model: string;
  readonly key: string | null;
  readonly scope: string;
  readonly canonical: JsonValue;
  readonly excluded: readonly { readonly field: string; readonly reason: string }[];
  readonly result: 'hit' | 'miss' | 'bypass' | 'foreign';
  readonly reason: string;
  readonly entry?: { readonly take: number; readonly created_at: string; readonly hits: number };
  readonly cost: Cost | null;
  readonly nearest: readonly NearEntryBody[];
}

export interface NearEntryBody {
  readonly key: string;
  readonly prompt: string;
  readonly created_at: string;
  readonly differences: readonly {
    readonly field: string;
    readonly asked: JsonValue;
    readonly stored: JsonValue;
  }[];
}

/** Whose entries are looked at; without a name, the caller's own. */
export interface ExplainScope {
  readonly scope?: string | undefined;
}

/** Asks a server what would become of a request; nothing is bought. The answer is an `ExplanationBody` when its status is 200. */
export async function askExplanation(
  client: ServerClient,
  text: string,
  { scope }: ExplainScope,
): Promise<HttpAnswer> {
  const query = scope === undefined ? '' : `?scope=${encodeURIComponent(scope)}`;
  return await client.postAsAdmin(`/admin/api/explain${query}`, text);
}

/** The explanation in an answer; the failure that it is to the command otherwise. */
export function readExplanation({ status, text }: HttpAnswer, { origin }: ServerClient): ExplanationBody {
  if (status !== 200) {
    // Every other field at fault is one of the request, which is given as a whole.
    const isAboutCommand = status === 401 || readErrorBody(text)?.field === 'scope';
    throw isAboutCommand ? failureOf(status, text, origin) : refused(status, text, origin);
  }
  return JSON.parse(text);
}
