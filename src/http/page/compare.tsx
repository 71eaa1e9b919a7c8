import { Layout } from './layout.tsx';
import { Messages, type PageProps } from './parts.tsx';

/** Two entries side by side, and the fields in which their recipes differ. */
export function ComparePage({ hasLogin }: PageProps) {
  return (
    <Layout title="Compare" script="compare" hasLogin={hasLogin}>
      <Messages />
      <div id="pair" class="pair" />
      <section id="differences" hidden>
        <h2>What differs</h2>
      </section>
    </Layout>
  );
}
