import type { JsonValue } from '../../core/json/json-text.ts';
import type { UpstreamAnswer } from '../../ports/image-upstream.ts';

/** The JSON in an answer; null when it holds none, such as a gateway's page. */
export function jsonOf({ body }: Pick<UpstreamAnswer, 'body'>): JsonValue {
  try {
    const value: JsonValue = JSON.parse(new TextDecoder().decode(body));
    return value;
  } catch {
    return null;
  }
}
