import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { TransportError, type TransportRequest, type TransportResponse } from '../../ports/transport.ts';
import { decodeHeaders, encodeHeaders } from './headers.ts';

/**
 * Sends one request and follows it through undici's callbacks.
 *
 * Whether a byte was sent is decided by the moment, not by an error code: `onRequestStart` is called when a connection is
 * there (TLS included) and before anything is written to it. `ECONNRESET`, for one, happens on both sides of it.
 */
export function sendRequest(dispatcher: Dispatcher, request: TransportRequest): Promise<TransportResponse> {
  const { signal } = request;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const upload = toUpload(request.body);
    let controller: Dispatcher.DispatchController | undefined;
    let download: Readable | undefined;
    let failure: { readonly reason: unknown } | undefined;

    const end = () => signal?.removeEventListener('abort', onAbort);
    const fail = (reason: unknown, cause: Error) => {
      failure ??= { reason };
      end();
      reject(failure.reason);
      download?.destroy(cause);
      controller?.abort(cause);
      if (upload instanceof Readable) upload.destroy(cause);
    };
    const onAbort = () => fail(signal?.reason, new Error('aborted', { cause: signal?.reason }));
    signal?.addEventListener('abort', onAbort, { once: true });

    dispatcher.dispatch(
      {
        origin: request.origin,
        path: request.path,
        method: request.method,
        headers: encodeHeaders(request.headers),
        body: upload,
      },
      {
        onRequestStart(started) {
          controller = started;
          // Aborted while it waited for a connection: undici learns of it only now.
          if (failure) started.abort(new Error('aborted'));
        },
        onResponseStart(started, status) {
          if (status < 200) return;
          const body = createDownload(started);
          body.once('close', end);
          download = body;
          resolve({
            status,
            headers: decodeHeaders(started.rawHeaders),
            body: { [Symbol.asyncIterator]: () => readDownload(body, () => failure) },
          });
        },
        onResponseData(started, chunk) {
          if (download?.push(chunk) === false) started.pause();
        },
        onResponseEnd() {
          download?.push(null);
        },
        onResponseError(_started, error) {
          const sent = controller !== undefined;
          const message = `${request.method} ${request.origin} failed ${sent ? 'after' : 'before'} sending`;
          fail(new TransportError(`${message}: ${error.message}`, sent, { cause: error }), error);
        },
      },
    );
  });
}

function toUpload(body: TransportRequest['body']): Uint8Array | Readable | null {
  if (body === undefined || body instanceof Uint8Array) return body ?? null;
  const upload = Readable.from(body, { objectMode: false });
  // Its failure reaches the caller through the request, which may have ended before.
  upload.on('error', () => {});
  return upload;
}

/** A stream of what has arrived. Beyond 64 KiB unread the connection pauses. */
function createDownload(controller: Dispatcher.DispatchController): Readable {
  const download = new Readable({
    highWaterMark: 64 * 1024,
    read: () => controller.resume(),
    destroy: (error, done) => {
      controller.abort(error ?? new Error('the reader ended early'));
      done(error);
    },
  });
  // Nobody may be reading when it fails; a later reader gets the failure from the iteration.
  download.on('error', () => {});
  return download;
}

/** Node's own iterator does not close the stream if it ends before its first step, and does not know our failures. */
function readDownload(
  download: Readable,
  findFailure: () => { readonly reason: unknown } | undefined,
): AsyncIterator<Uint8Array, undefined> {
  const chunks: AsyncIterator<Uint8Array> = download[Symbol.asyncIterator]();
  return {
    next: async () => {
      try {
        const step = await chunks.next();
        return step.done ? { done: true, value: undefined } : step;
      } catch (error) {
        throw findFailure()?.reason ?? error;
      }
    },
    return: async () => {
      download.destroy();
      return { done: true, value: undefined };
    },
  };
}
