import type { Cost } from '../core/events.ts';
import type { JsonValue } from '../core/json-text.ts';
import { refused } from './refusal.ts';
import type { ServerClient } from './server-client.ts';

/** What would become of a request, as `POST /admin/api/explain` says it. */
export interface Explanation {
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
  readonly nearest: readonly NearEntry[];
}

export interface NearEntry {
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

/** Asks a server what would become of a request. Nothing is bought. */
export async function explainRequest(
  client: ServerClient,
  text: string,
  { scope }: ExplainScope,
): Promise<Explanation> {
  const query = scope === undefined ? '' : `?scope=${encodeURIComponent(scope)}`;
  const answer = await client.postAsAdmin(`/admin/api/explain${query}`, text);
  if (answer.status !== 200) throw refused(answer.status, answer.text, client.origin);
  return JSON.parse(answer.text);
}
