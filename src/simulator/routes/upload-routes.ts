import type { Hono } from 'hono';
import type { Simulation } from '../state/simulation.ts';
import { POLICY_LIFETIME_S } from '../state/upload-policy.ts';
import type { StoredUpload } from '../state/upload-store.ts';
import { sha256, toHex, utf8 } from '../util/bytes.ts';
import { findBoundary, MalformedForm, readFieldText, readForm } from '../util/multipart.ts';
import { type OssError, ossErrorAnswer, ossErrorWithStatus, ossRequestIdOf } from '../vendor/oss-answers.ts';
import { invalidParameter } from '../vendor/refusal.ts';
import { jsonAnswer } from './answers.ts';
import { handleCall } from './handle-call.ts';
import type { SimulatorContext, SimulatorEnv } from './request-context.ts';
import { receiveFile } from './upload-file.ts';
import { taskHeaders } from './vendor-headers.ts';

/** Stands for the host of the upload bucket, whose forms are posted to its root. */
export const UPLOAD_PATH = '/dashscope-file-mgr';

const MEBIBYTE = 1024 * 1024;
const MAX_FIELD_BYTES = 64 * 1024;

const alreadyExists: OssError = {
  status: 409,
  code: 'FileAlreadyExists',
  message: 'The object you specified already exists and can not be overwritten.',
};

/** Temporary uploads: the policy, and the bucket that takes the form. */
export function mountUploadRoutes(app: Hono<SimulatorEnv>, simulation: Simulation): void {
  app.get('/api/v1/uploads', (c) => {
    const model = c.req.query('model') ?? '';
    return handleCall(c, simulation, {
      target: 'policy',
      model,
      body: '',
      produce: (account) => answerPolicy(c, simulation, account, model),
    });
  });
  app.post(UPLOAD_PATH, (c) => {
    const requestId = ossRequestIdOf(c.get('request').requestId);
    const failed = (error: OssError) => ossErrorAnswer(error, requestId, new URL(c.req.url).host);
    return handleCall(c, simulation, {
      target: 'upload',
      model: '',
      body: '',
      withoutKey: true,
      refuse: ({ status }) => failed(ossErrorWithStatus(status)),
      async produce() {
        const result = await receive(c, simulation);
        if ('code' in result) return failed(result);
        if (!simulation.uploads.add(result.upload)) return failed(alreadyExists);
        simulation.journal.uploaded(result.upload.bytes);
        const digest = result.upload.image?.digest ?? toHex(await sha256(utf8(result.upload.name)));
        return new Response(null, {
          status: result.status,
          headers: {
            Server: 'AliyunOSS',
            'Content-Length': '0',
            'x-oss-request-id': requestId,
            ETag: `"${digest.slice(0, 32).toUpperCase()}"`,
          },
        });
      },
    });
  });
}

async function answerPolicy(
  c: SimulatorContext,
  simulation: Simulation,
  account: string,
  model: string,
): Promise<Response> {
  const { clock, policies, uploads, maxUploadBytes, publicOrigin } = simulation;
  const context = c.get('request');
  if (c.req.query('action') !== 'getPolicy') throw invalidParameter('action must be getPolicy');
  if (model === '') throw invalidParameter('model must not be empty');
  const now = clock.now();
  const owner = toHex(await sha256(utf8(account))).slice(0, 32);
  const day = new Date(now).toISOString().slice(0, 10);
  const folder = `dashscope-instant/${owner}/${day}/${context.requestId}`;
  uploads.grant(folder, { account, model });
  const data = {
    ...(await policies.issue(folder, maxUploadBytes, now)),
    upload_dir: folder,
    upload_host: `${publicOrigin().replace(/\/$/, '')}${UPLOAD_PATH}`,
    expire_in_seconds: POLICY_LIFETIME_S,
    max_file_size_mb: Math.ceil(maxUploadBytes / MEBIBYTE),
    capacity_limit_mb: 999_999_999,
    oss_access_key_id: policies.accessKeyId,
    x_oss_object_acl: 'private',
    x_oss_forbid_overwrite: 'true',
  };
  return jsonAnswer(c, simulation, { request_id: context.requestId, data }, taskHeaders(context, now));
}

/**
 * Reads the form, fields in any order and the file last; to its end even when it is refused, so that the client can
 * finish.
 */
async function receive(
  c: SimulatorContext,
  simulation: Simulation,
): Promise<OssError | { readonly upload: StoredUpload; readonly status: 200 | 204 }> {
  const boundary = findBoundary(c.req.header('content-type') ?? '');
  if (boundary === undefined || !c.req.raw.body) return malformed('no multipart/form-data');
  const fields = new Map<string, string>();
  let result: StoredUpload | OssError | undefined;
  try {
    for await (const part of readForm(c.req.raw.body, boundary)) {
      // OSS ignores what follows the file.
      if (result) continue;
      if (part.name === 'file') result = await receiveFile(simulation, fields, part.content);
      else fields.set(part.name, await readFieldText(part.content, MAX_FIELD_BYTES));
    }
  } catch (error) {
    if (!(error instanceof MalformedForm)) throw error;
    return malformed(error.message);
  }
  if (!result) return { status: 400, code: 'InvalidArgument', message: 'The form has no file.' };
  if ('code' in result) return result;
  return { upload: result, status: fields.get('success_action_status') === '200' ? 200 : 204 };
}

function malformed(reason: string): OssError {
  return {
    status: 400,
    code: 'MalformedPOSTRequest',
    message: 'The body of your POST request is not well-formed multipart/form-data.',
    details: { Reason: reason },
  };
}
