import { html } from 'hono/html';
import type { JsonValue } from '../../core/json/json-value.ts';

/** A piece of a page; what was put into it is escaped. */
export type Html = ReturnType<typeof html>;

/** Text with `code` in it, as in Markdown. */
export function prose(text: JsonValue | undefined): Html[] {
  return String(text ?? '')
    .split('`')
    .map((piece, index) => (index % 2 === 1 ? html`<code>${piece}</code>` : html`${piece}`));
}
