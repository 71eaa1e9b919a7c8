import { Layout } from './layout.tsx';
import { Messages, type PageProps } from './parts.tsx';

/** One recipe: its takes, and what can be done with them. */
export function EntryPage({ hasLogin }: PageProps) {
  return (
    <Layout title="Entry" script="entry" hasLogin={hasLogin}>
      <Messages />
      <div id="takes" />
      <dialog id="delete-dialog" aria-labelledby="delete-title">
        <h2 id="delete-title">Delete this take?</h2>
        <p>Its URLs stop working, and asking for it again is paid for again.</p>
        <form method="dialog" class="actions">
          <button type="submit" value="cancel">
            Keep it
          </button>
          <button type="submit" value="delete" class="danger">
            Delete
          </button>
        </form>
      </dialog>
    </Layout>
  );
}
