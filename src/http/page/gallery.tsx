import { Layout } from './layout.tsx';
import { Choice, Field, Messages, type PageProps } from './parts.tsx';

const AGES = 'For example 12h or 30d';

/** Everything that is stored, to look through, search, and clear out. */
export function GalleryPage({ hasLogin }: PageProps) {
  return (
    <Layout title="Gallery" path="/admin" script="gallery" hasLogin={hasLogin}>
      <search>
        <form id="search" action="/admin">
          <div class="searchline">
            <label for="q" class="unseen">
              Search prompts
            </label>
            <input id="q" name="q" type="search" autocomplete="off" placeholder="Search prompts (press /)" />
            <Choice
              id="sort"
              label="Order"
              options={{ '': 'newest first', used: 'used last first', hits: 'most hits first' }}
            />
          </div>
          <details id="filters">
            <summary>Filters</summary>
            <Filters />
          </details>
        </form>
      </search>
      <Messages />
      <ul id="cards" class="cards" />
      <p class="actions">
        <button type="button" id="more" hidden>
          Show more
        </button>
        <button type="button" id="purge" class="danger" hidden>
          Delete all of these…
        </button>
      </p>
      <aside id="chosen" class="chosen" aria-label="Comparison" hidden>
        <p id="chosen-count" role="status" />
        <a id="compare" class="button" href="/admin/compare" hidden>
          Compare side by side
        </a>
        <button type="button" id="unchoose" class="quiet">
          Clear
        </button>
      </aside>
      <PurgeDialog />
    </Layout>
  );
}

function Filters() {
  return (
    <div class="fields">
      <Field label="Model" id="model">
        <input id="model" name="model" list="models" autocomplete="off" />
        <datalist id="models" />
      </Field>
      <Field label="Size" id="size">
        <input id="size" name="size" placeholder="1024*1024" autocomplete="off" />
      </Field>
      <Field label="Seed" id="seed">
        <input id="seed" name="seed" inputmode="numeric" autocomplete="off" />
      </Field>
      <Field label="Scope" id="scope">
        <input id="scope" name="scope" list="scopes" autocomplete="off" />
        <datalist id="scopes" />
      </Field>
      <Field label="Site" id="site">
        <input id="site" name="site" autocomplete="off" />
      </Field>
      <Field label="Tag" id="tag">
        <input id="tag" name="tag" autocomplete="off" />
      </Field>
      <Field label="Older than" id="min_age">
        <input id="min_age" name="min_age" placeholder="30d" title={AGES} autocomplete="off" />
      </Field>
      <Field label="Younger than" id="max_age">
        <input id="max_age" name="max_age" placeholder="12h" title={AGES} autocomplete="off" />
      </Field>
      <Choice id="pinned" label="Pinned" options={{ '': 'either', true: 'pinned', false: 'not pinned' }} />
      <div class="field">
        <button type="reset" class="quiet">
          Clear filters
        </button>
      </div>
    </div>
  );
}

function PurgeDialog() {
  return (
    <dialog id="purge-dialog" aria-labelledby="purge-title">
      <h2 id="purge-title">Delete these entries?</h2>
      <p id="purge-forecast" role="status" />
      <ul id="purge-sample" class="sample" />
      <p class="faint">
        Pinned ones go, too. Their URLs stop working, and asking for them again is paid for again.
      </p>
      <form method="dialog" class="actions">
        <button type="submit" value="cancel">
          Keep them
        </button>
        <button type="button" id="purge-confirm" class="danger" disabled>
          Delete
        </button>
      </form>
    </dialog>
  );
}
