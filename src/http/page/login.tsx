import { Layout } from './layout.tsx';

/** Where a person shows the admin token. */
export function LoginPage({ next, problem }: { next: string; problem?: string }) {
  return (
    <Layout title="Sign in" isOutside>
      <form method="post" action="/admin/login" class="login">
        <p id="login-help">
          The admin token is what <code>DASHCACHE_ADMIN_TOKEN</code> was set to where the server runs.
        </p>
        {problem === undefined ? null : (
          <p role="alert" class="problem" id="login-problem">
            {problem}
          </p>
        )}
        <label for="token">Admin token</label>
        <input
          id="token"
          name="token"
          type="password"
          required
          autocomplete="current-password"
          aria-describedby="login-help"
          aria-invalid={problem === undefined ? undefined : 'true'}
          aria-errormessage={problem === undefined ? undefined : 'login-problem'}
          autofocus
        />
        <input type="hidden" name="next" value={next} />
        <button type="submit">Sign in</button>
      </form>
    </Layout>
  );
}
