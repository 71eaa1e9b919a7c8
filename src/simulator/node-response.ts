import type { ServerResponse } from 'node:http';
import { ConnectionCut } from './faults/fault-effects.ts';

/**
 * Writes an answer chunk by chunk as its body yields them, each handed to the socket before the next is asked for.
 * Done here because a scripted cut must come after the bytes before it, and because the vendor's 401 has no
 * content-type, which the usual adapter would add.
 */
export async function sendAnswer(response: Response, outgoing: ServerResponse): Promise<void> {
  const reader = response.body?.getReader();
  const onClose = () => {
    reader?.cancel().catch(() => {
      // The body had failed already, which read() reports below.
    });
  };
  outgoing.once('close', onClose);
  try {
    let part = await reader?.read();
    if (outgoing.destroyed) {
      onClose();
      return;
    }
    outgoing.writeHead(response.status, headersOf(response));
    while (part?.value && !outgoing.destroyed) {
      await write(outgoing, part.value);
      part = await reader?.read();
    }
    outgoing.end();
  } catch (error) {
    // Before any byte a reset is the failure that clients meet; later, a plain end lets them read what came first.
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.socket?.resetAndDestroy();
    if (!(error instanceof ConnectionCut)) throw error;
  } finally {
    outgoing.off('close', onClose);
  }
}

function headersOf(response: Response): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.fromEntries(response.headers);
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers['set-cookie'] = cookies;
  return headers;
}

/** Resolves when the chunk is with the operating system, or when the client has gone and there is nobody to tell. */
function write(outgoing: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    outgoing.write(chunk, () => resolve());
  });
}
