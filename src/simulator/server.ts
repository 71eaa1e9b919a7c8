import { once } from 'node:events';
import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { nodeCompression } from './node-compression.ts';
import { sendAnswer } from './node-response.ts';
import { createSimulator } from './routes/app.ts';
import type { SimulatorControl } from './routes/control.ts';
import type { SimulatorOptions } from './state/simulation.ts';

export interface SimulatorServerOptions extends Omit<SimulatorOptions, 'compression' | 'publicOrigin'> {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Base of result URLs; default the server's own origin. */
  readonly publicOrigin?: () => string;
}

export interface RunningSimulator {
  /** `http://host:port`, without a slash at the end. */
  readonly origin: string;
  readonly control: SimulatorControl;
  /** Ends every connection and resolves when the port is free. */
  close(): Promise<void>;
}

/** Serves a simulator over HTTP/1.1. */
export async function startSimulator(options: SimulatorServerOptions): Promise<RunningSimulator> {
  const { port = 0, host = '127.0.0.1' } = options;
  let origin = '';
  const { app, control } = createSimulator({
    publicOrigin: () => origin,
    ...options,
    compression: nodeCompression,
  });
  const server = createServer({ requestTimeout: 0 }, (incoming, outgoing) =>
    getRequestListener(
      async (request) => {
        await sendAnswer(await app.fetch(request), outgoing);
        return RESPONSE_ALREADY_SENT;
      },
      { overrideGlobalObjects: false },
    )(incoming, outgoing),
  );
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the simulator listens on no port');
  origin = `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`;
  return {
    origin,
    control,
    async close() {
      control.stop();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
