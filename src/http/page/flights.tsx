import { Layout } from './layout.tsx';
import { Messages, type PageProps } from './parts.tsx';

/** What is being drawn right now, and what was lost on the way. */
export function FlightsPage({ hasLogin }: PageProps) {
  return (
    <Layout title="Flights" path="/admin/flights" script="flights" hasLogin={hasLogin}>
      <Messages />
      <section aria-labelledby="now">
        <h2 id="now">In the air</h2>
        <div id="flights" />
      </section>
      <section aria-labelledby="lost">
        <h2 id="lost">Outcome unknown</h2>
        <p class="faint">
          The connection ended after these requests had been sent. They may have been paid for, and are never
          sent again by themselves.
        </p>
        <div id="unknown" />
        <button type="button" id="more" hidden>
          Show more
        </button>
      </section>
    </Layout>
  );
}
