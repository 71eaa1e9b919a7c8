import { type Context, Hono } from 'hono';
import { FIXED_FIELDS } from '../../core/dashscope/upload-policy.ts';
import { AppError, isAppError } from '../../core/errors.ts';
import type { ReceivedUpload } from '../../services/uploads/upload-receiver.ts';
import type { DashScopeServices, HttpOptions } from '../dependencies.ts';
import { identify } from '../doors/identify.ts';
import { relayAnswer } from '../wire/relay-answer.ts';
import { requestRecordOf } from '../wire/request-record.ts';
import { ossError, xmlAnswer } from './oss-errors.ts';
import { passForeign } from './passthrough-routes.ts';

/** Where a policy of ours sends its form, behind the base of the blob URLs. */
const UPLOAD_PATH = '/uploads';

/** The vendor's bound on what an upload may come to; what is refused is read up to here, so that it can be answered. */
const MAX_FORM_BYTES = 1024 * 1024 * 1024;
const MEBIBYTE = 1024 * 1024;

/** Temporary uploads for image models: the policy, and the form that it allows. */
export function uploadRoutes(services: DashScopeServices, options: HttpOptions): Hono {
  const routes = new Hono();
  for (const path of ['/api/v1/uploads', '/api/v1/uploads/']) {
    routes.get(path, (c) => answerPolicy(c, services, options));
  }
  routes.post(UPLOAD_PATH, (c) => answerForm(c, services));
  return routes;
}

async function answerPolicy(
  c: Context,
  services: DashScopeServices,
  options: HttpOptions,
): Promise<Response> {
  const { credentials, uploads, platform } = services;
  const principal = await identify(c, services);
  const model = c.req.query('model') ?? '';
  if (c.req.query('action') !== 'getPolicy' || !uploads.takes(model)) {
    return await passForeign(c, services, options, principal);
  }
  const verdict = await credentials.prove(principal, platform.clientAddress(c));
  if (!verdict.accepted) return relayAnswer(c, verdict.answer);
  const { policy, signature, folder, lifeSeconds, maxBytes } = await uploads.issue(principal.scope, model);
  const { requestId } = requestRecordOf(c);
  const data = {
    policy,
    signature,
    upload_dir: folder,
    upload_host: `${options.publicUrl ?? `http://${c.req.header('host')}`}${UPLOAD_PATH}`,
    expire_in_seconds: lifeSeconds,
    max_file_size_mb: Math.max(1, Math.floor(maxBytes / MEBIBYTE)),
    capacity_limit_mb: 999_999_999,
    oss_access_key_id: 'DASHCACHE',
    x_oss_object_acl: FIXED_FIELDS['x-oss-object-acl'],
    x_oss_forbid_overwrite: FIXED_FIELDS['x-oss-forbid-overwrite'],
  };
  return Response.json({ request_id: requestId, data }, { headers: { 'x-request-id': requestId } });
}

/** No credential is asked: the form brings a policy that this server has signed. */
async function answerForm(c: Context, services: DashScopeServices): Promise<Response> {
  const { uploads, forms, reporter } = services;
  const { requestId } = requestRecordOf(c);
  try {
    const form = forms.read(c.req.header('content-type') ?? '', bounded(c.req.raw.body ?? []));
    return stored(c, await uploads.receive(form), requestId);
  } catch (error) {
    if (c.req.raw.signal.aborted) throw error;
    const known = isAppError(error) ? error : new AppError('internal', 'internal', { cause: error });
    const answer = ossError(known, requestId, c.req.header('host') ?? '');
    if (answer.status >= 500) {
      reporter.report({ type: 'failure', where: c.req.path, requestId, cause: error });
    }
    return answer;
  }
}

function stored(c: Context, { upload, wantedStatus }: ReceivedUpload, requestId: string): Response {
  const etag = `"${upload.digest.slice(0, 32).toUpperCase()}"`;
  const headers = { 'x-oss-request-id': requestId, etag };
  if (wantedStatus === '201') {
    const { origin, pathname } = new URL(c.req.url);
    const location = `${origin}${pathname}/${upload.name}`;
    return xmlAnswer(201, 'PostResponse', { Location: location, Key: upload.name, ETag: etag }, headers);
  }
  return new Response(null, { status: wantedStatus === '200' ? 200 : 204, headers });
}

async function* bounded(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_FORM_BYTES) throw new AppError('body_too_large', 'The form is too large.');
    yield chunk;
  }
}
