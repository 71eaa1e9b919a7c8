import { Layout } from './layout.tsx';
import { Field, Messages, type PageProps } from './parts.tsx';

const EXAMPLE = '{"prompt": "a paper boat crossing a puddle", "size": "1328*1328"}';

/** What would become of a request, and why. */
export function ExplainPage({ hasLogin }: PageProps) {
  return (
    <Layout title="Explain" path="/admin/explain" script="explain" hasLogin={hasLogin}>
      <form id="explain">
        <Field label="Request body, in any dialect" id="request">
          <textarea
            id="request"
            rows={8}
            required
            spellcheck={false}
            placeholder={EXAMPLE}
            aria-describedby="request-help"
          />
        </Field>
        <p id="request-help" class="faint">
          JSON as DashScope, image.generate or OpenAI’s images API take it. Nothing is bought; only reference
          images are fetched.
        </p>
        <div class="fields">
          <Field label="Scope" id="scope">
            <input id="scope" list="scopes" placeholder="your own" autocomplete="off" />
            <datalist id="scopes" />
          </Field>
          <Field label="Cache-Control" id="directives">
            <input id="directives" placeholder="as the program sends it" autocomplete="off" />
          </Field>
          <div class="field">
            <button type="submit">Explain</button>
          </div>
        </div>
      </form>
      <Messages />
      <section id="explanation" aria-label="Explanation" hidden />
    </Layout>
  );
}
