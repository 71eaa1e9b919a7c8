import type { ExplanationBody } from '../../http/admin/explanation-schema.ts';
import { failureOf } from './admin-api.ts';
import { readErrorBody, refused } from './error-body.ts';
import type { HttpAnswer, ServerClient } from './server-client.ts';

/** Whose entries to look at; absent means the caller's own. */
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

/** Reads the explanation in an answer. Throws a `Failure` for any other answer. */
export function readExplanation({ status, text }: HttpAnswer, { origin }: ServerClient): ExplanationBody {
  if (status !== 200) {
    // Any other field at fault belongs to the request, which is one argument.
    const isAboutCommand = status === 401 || readErrorBody(text)?.field === 'scope';
    throw isAboutCommand ? failureOf(status, text, origin) : refused(status, text, origin);
  }
  return JSON.parse(text);
}
