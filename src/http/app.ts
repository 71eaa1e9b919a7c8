import { type Context, Hono } from 'hono';
import { getPath } from 'hono/utils/url';
import { withoutDoubledBase } from '../core/dashscope/request-target.ts';
import { AppError, isAppError } from '../core/errors.ts';
import { adminRoutes } from './admin/admin-routes.ts';
import { blobRoutes } from './blobs/blob-routes.ts';
import { dashScopeRoutes } from './dashscope/dashscope-routes.ts';
import { passthroughRoutes } from './dashscope/passthrough-routes.ts';
import { taskRoutes } from './dashscope/task-routes.ts';
import { uploadRoutes } from './dashscope/upload-routes.ts';
import type { HttpOptions, HttpServices } from './dependencies.ts';
import { encodeError } from './encode-error.ts';
import { generateRoutes } from './image-generate/generate-routes.ts';
import { ledgerRoutes } from './ledger/ledger-routes.ts';
import { openAiModelRoutes } from './openai/openai-models.ts';
import { openAiRoutes } from './openai/openai-routes.ts';
import { openApiRoutes } from './openapi/openapi-routes.ts';
import { healthRoutes } from './operations/health-routes.ts';
import { metricsRoutes } from './operations/metrics-routes.ts';
import { loginRoutes } from './page/login-routes.tsx';
import { pageAssetRoutes, pageRoutes } from './page/page-routes.tsx';
import { noStore } from './wire/no-store.ts';
import { guard } from './wire/request-guard.ts';
import { recordRequests, requestRecordOf } from './wire/request-record.ts';

/** Every front door on one Hono app, the same on every runtime. */
export function createApp(services: HttpServices, options: HttpOptions): Hono {
  const app = new Hono({ getPath: (request) => withoutDoubledBase(getPath(request)) });
  app.onError((error, c) => answerError(error, c, services));
  app.notFound(() => {
    throw new AppError(
      'not_found',
      "There is nothing at this path. DashScope's API is under /api/v1; /docs describes the rest.",
    );
  });
  app.use(recordRequests(services));
  app.route('/', healthRoutes(services.health));
  app.route('/', openApiRoutes());
  app.route(
    '/',
    blobRoutes({
      findBlob: (digest) => services.entries.findBlob(digest),
      blobs: services.blobs,
      mend: async (digest) => (await services.integrity.mend(digest)) === 'whole',
      onSent: (bytes) => services.reporter.report({ type: 'blob', bytes }),
      onCut: (c) => services.platform.cut(c),
    }),
  );
  // Before the guard, whose refusals are answers too.
  app.use('/admin/*', noStore);
  app.use('/metrics', noStore);
  app.use(guard(options, services.platform));
  app.route('/', pageAssetRoutes(services));
  app.route('/', loginRoutes(services, options));
  app.route('/', adminRoutes(services, options));
  app.route('/', pageRoutes(services));
  app.route('/', ledgerRoutes(services));
  app.route('/', metricsRoutes(services));
  app.route('/', dashScopeRoutes(services, options));
  app.route('/', generateRoutes(services, options));
  app.route('/', openAiRoutes(services, options));
  app.route('/', openAiModelRoutes(services, options));
  app.route('/', taskRoutes(services, options));
  app.route('/', uploadRoutes(services, options));
  app.route('/', passthroughRoutes(services, options));
  return app;
}

async function answerError(error: Error, c: Context, services: HttpServices): Promise<Response> {
  const { requestId } = requestRecordOf(c);
  // The client left: nobody reads the answer.
  if (c.req.raw.signal.aborted) return new Response(null, { status: 499 });
  const known = isAppError(error) ? error : new AppError('internal', 'internal', { cause: error });
  const response = await encodeError(c, known, requestId);
  // What the client did wrong, or asked for, is in its answer; what went wrong here is for the log.
  if (response.status >= 500 && known.code !== 'not_cached') {
    services.reporter.report({ type: 'failure', where: c.req.path, requestId, cause: error });
  }
  return response;
}
