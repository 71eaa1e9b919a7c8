import { Layout } from './layout.tsx';
import { Choice, Messages, type PageProps } from './parts.tsx';

/** What the cache holds, and what it has earned. */
export function FiguresPage({ hasLogin }: PageProps) {
  return (
    <Layout title="Figures" path="/admin/figures" script="figures" hasLogin={hasLogin}>
      <Messages />
      <section aria-labelledby="stored">
        <h2 id="stored">Stored</h2>
        <div id="totals" class="tiles" />
        <div id="models" />
      </section>
      <section aria-labelledby="earned">
        <h2 id="earned">Over time</h2>
        <Choice
          id="span"
          label="Period"
          options={{ '1:hour': 'a day', '7:hour': 'a week', '30:day': '30 days', '365:day': 'a year' }}
        />
        <div id="charts" class="charts" />
        <p id="unpriced" class="faint" />
      </section>
      <section aria-labelledby="upkeep">
        <h2 id="upkeep">Upkeep</h2>
        <p class="actions">
          <button type="button" id="verify">
            Verify all images
          </button>
          <button type="button" id="collect">
            Collect what is beyond the bounds
          </button>
        </p>
        <p id="upkeep-status" role="status" />
      </section>
    </Layout>
  );
}
