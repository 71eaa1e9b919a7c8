import { field } from './support.ts';

/** The eight bytes that every PNG begins with: enough to pass for a picture. */
export const pictureStart = Buffer.from('iVBORw0KGgo=', 'base64');

/** The orders in which clients in use send the form's fields; the file always comes last. */
export const fieldOrders = {
  python: [
    'OSSAccessKeyId',
    'Signature',
    'policy',
    'key',
    'x-oss-object-acl',
    'x-oss-forbid-overwrite',
    'success_action_status',
    'x-oss-content-type',
  ],
  qwencloud: [
    'OSSAccessKeyId',
    'Signature',
    'policy',
    'x-oss-object-acl',
    'x-oss-forbid-overwrite',
    'key',
    'success_action_status',
  ],
  withoutStatus: [
    'key',
    'policy',
    'OSSAccessKeyId',
    'Signature',
    'x-oss-object-acl',
    'x-oss-forbid-overwrite',
  ],
} as const;

export interface UploadOptions {
  readonly model: string;
  readonly bytes: Uint8Array;
  readonly key?: string;
  readonly order?: readonly string[];
  readonly fileName?: string;
  /** Fields to be sent with other values than the policy's. */
  readonly changes?: Readonly<Record<string, string>>;
}

export async function fetchPolicy(origin: string, model: string, key = 'sk-test'): Promise<unknown> {
  const response = await fetch(`${origin}/api/v1/uploads?action=getPolicy&model=${model}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  return field(await response.json(), 'data');
}

/** Posts a file under a policy as an SDK would. */
export async function postFile(
  policy: unknown,
  { bytes, order = fieldOrders.python, fileName = 'kettle.png', changes = {} }: UploadOptions,
): Promise<{ readonly name: string; readonly response: Response }> {
  const text = (name: string) => String(field(policy, name));
  const objectKey = `${text('upload_dir')}/${fileName}`;
  const values: Readonly<Record<string, string>> = {
    OSSAccessKeyId: text('oss_access_key_id'),
    Signature: text('signature'),
    policy: text('policy'),
    key: objectKey,
    'x-oss-object-acl': text('x_oss_object_acl'),
    'x-oss-forbid-overwrite': text('x_oss_forbid_overwrite'),
    success_action_status: '200',
    'x-oss-content-type': 'image/png',
    ...changes,
  };
  const form = new FormData();
  for (const name of order) form.append(name, values[name] ?? '');
  form.append('file', new Blob([Uint8Array.from(bytes)]), fileName);
  const response = await fetch(text('upload_host'), { method: 'POST', body: form });
  return { name: `oss://${objectKey}`, response };
}

/** Both steps of a temporary upload. */
export async function uploadFile(
  origin: string,
  options: UploadOptions,
): Promise<{ readonly name: string; readonly response: Response }> {
  return postFile(await fetchPolicy(origin, options.model, options.key), options);
}
