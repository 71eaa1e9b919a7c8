import type { Hono } from 'hono';
import { stringToSign } from '../images/result-urls.ts';
import type { Simulation } from '../state/simulation.ts';
import { sha256, toHex } from '../util/bytes.ts';
import {
  type OssError,
  ossErrorAnswer,
  ossErrorWithStatus,
  ossObjectAnswer,
  ossRequestIdOf,
} from '../vendor/oss-answers.ts';
import { handleCall } from './handle-call.ts';
import type { SimulatorContext, SimulatorEnv } from './request-context.ts';

/** The result bucket: signed URLs that expire, answered as OSS does. */
export function mountImageRoutes(app: Hono<SimulatorEnv>, simulation: Simulation): void {
  app.get('/:mark{[17]d}/:shard/:day/:folder/:file', (c) => {
    const ossRequestId = ossRequestIdOf(c.get('request').requestId);
    const { host, pathname } = new URL(c.req.url);
    const failed = (error: OssError) => ossErrorAnswer(error, ossRequestId, host);
    return handleCall(c, simulation, {
      target: 'image',
      model: '',
      body: '',
      withoutKey: true,
      refuse: ({ status }) => failed(ossErrorWithStatus(status)),
      async produce() {
        const objectKey = decodeURIComponent(pathname.slice(1));
        const error = await findError(c, simulation, objectKey);
        if (error) return failed(error);
        const image = simulation.images.find(objectKey);
        if (!image) return failed({ ...ossErrorWithStatus(404), details: { Key: objectKey } });
        const file = await simulation.images.file(image);
        const etag = `"${toHex(await sha256(file))
          .slice(0, 32)
          .toUpperCase()}"`;
        const object = { file, etag, modifiedAt: image.createdAt };
        return ossObjectAnswer(object, c.req.header('range'), ossRequestId);
      },
    });
  });
}

/** What is wrong with the request's proof, in the order in which OSS looks. */
async function findError(
  c: SimulatorContext,
  { urls, clock }: Simulation,
  objectKey: string,
): Promise<OssError | undefined> {
  const { Expires: expires, Signature: signature, OSSAccessKeyId: accessKeyId } = c.req.query();
  if (expires === undefined || signature === undefined || accessKeyId !== urls.accessKeyId) {
    const message = 'You have no right to access this object because of bucket acl.';
    return { status: 403, code: 'AccessDenied', message };
  }
  if (c.req.header('authorization') !== undefined) {
    const message = 'Only one auth mechanism is allowed: query string or Authorization header.';
    return { status: 400, code: 'InvalidArgument', message };
  }
  const expiresAt = Number(expires) * 1000;
  if (!/^\d{1,11}$/.test(expires) || expiresAt <= clock.now()) {
    const details = {
      Expires: new Date(/^\d{1,11}$/.test(expires) ? expiresAt : 0).toISOString(),
      ServerTime: new Date(clock.now()).toISOString(),
    };
    return { status: 403, code: 'AccessDenied', message: 'Request has expired.', details };
  }
  // The verb is signed too, so HEAD with a GET's signature fails here.
  const signed = { method: c.req.method, objectKey, expires };
  if ((await urls.signature(signed)) === signature) return undefined;
  return {
    status: 403,
    code: 'SignatureDoesNotMatch',
    message:
      'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    details: {
      OSSAccessKeyId: accessKeyId,
      SignatureProvided: signature,
      StringToSign: stringToSign(signed),
    },
  };
}
