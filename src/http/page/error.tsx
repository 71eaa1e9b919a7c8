import type { ProblemBody } from '../wire/problem-schema.ts';
import { Layout } from './layout.tsx';

/** What went wrong, for a person who opened a page. */
export function ErrorPage({ problem }: { problem: ProblemBody }) {
  return (
    <Layout title={problem.title} isOutside={problem.status !== 404}>
      <p class="problem">{problem.detail}</p>
      <p class="faint">Request {problem.request_id}</p>
    </Layout>
  );
}
