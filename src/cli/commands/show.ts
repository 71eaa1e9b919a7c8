import type { KeyBody } from '../../http/admin/entry-schema.ts';
import { getAdmin } from '../client/admin-api.ts';
import { type ServerFlags, withServer } from '../client/open-server.ts';
import { ServerClient } from '../client/server-client.ts';
import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { printableJson } from '../terminal/printable.ts';
import { describeEntry } from './entry-description.ts';

export type ShowFlags = ServerFlags & {
  readonly scope?: string;
  readonly site?: string;
  readonly take?: string;
  readonly json?: boolean;
};

/** Prints everything that is known about the entries of a key. */
export async function show(key: string, flags: ShowFlags): Promise<void> {
  if (!/^k\d+:[0-9a-f]{32}$/.test(key))
    throw new Failure('a key is k1: and 32 hex digits, as `ls` prints them', EXIT.usage);
  const { scope, site, take } = flags;
  const address = Object.entries({ scope, site, take }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  await withServer(flags, { durableUrls: true }, async (server) => {
    const client = new ServerClient(server);
    const body = await getAdmin<KeyBody>(client, `entries/${key}`, Object.fromEntries(address));
    await client.close();
    console.log(
      flags.json === true
        ? printableJson(body)
        : body.takes
            .map((entry) => describeEntry(entry, ({ sha256, url }) => server.blobFile?.(sha256) ?? url))
            .join('\n\n'),
    );
  });
}
