import type { Answer } from '../servers/stack.ts';

/** What a server with an admin interface is to a transfer, on whatever it runs. */
export interface TransferStack {
  readonly origin: string;
  request(
    method: string,
    path: string,
    init?: RequestInit & { headers?: Record<string, string> },
  ): Promise<Answer>;
}

/** Headers for a call of the admin interface with a body. */
const JSON_BODY = { 'content-type': 'application/json' };

/** The entries of a key as they travel. */
export async function exported(from: TransferStack, key: string): Promise<readonly PortableJson[]> {
  const { status, text, json } = await from.request('GET', `/admin/api/entries/${key}/export`);
  if (status !== 200) throw new Error(text);
  return json.entries;
}

/** The fields of a carried entry that tests look at; the server is the judge of the others. */
export interface PortableJson {
  readonly key: string;
  readonly images: readonly { readonly sha256: string }[];
  readonly [name: string]: unknown;
}

/** Posts a carried entry. */
export async function importEntry(to: TransferStack, entry: unknown, query = ''): Promise<Answer> {
  return await to.request('POST', `/admin/api/entries${query}`, {
    body: JSON.stringify(entry),
    headers: JSON_BODY,
  });
}

/** Puts a picture's bytes. */
export async function putBlob(to: TransferStack, digest: string, bytes: Uint8Array): Promise<Answer> {
  return await to.request('PUT', `/admin/api/blobs/${digest}`, {
    body: new Uint8Array(bytes),
    headers: { 'content-type': 'image/png' },
  });
}

/** Carries what a key holds from one store to another; the answers to the imports. */
export async function carry(from: TransferStack, to: TransferStack, key: string): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (const entry of await exported(from, key)) {
    for (const { sha256 } of entry.images) {
      const bytes = await (await fetch(`${from.origin}/blobs/${sha256}`)).arrayBuffer();
      const put = await putBlob(to, sha256, new Uint8Array(bytes));
      if (put.status !== 200) throw new Error(put.text);
    }
    answers.push(await importEntry(to, entry));
  }
  return answers;
}
