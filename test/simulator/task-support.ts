import { field, post, recipe } from './support.ts';

export const MESSAGE_TASKS = '/api/v1/services/aigc/image-generation/generation';
export const TEXT_TASKS = '/api/v1/services/aigc/text2image/image-synthesis';
export const EDIT_TASKS = '/api/v1/services/aigc/image2image/image-synthesis';

const asynchronous = { 'X-DashScope-Async': 'enable' };

export function submitTo(path: string, origin: string, body: unknown, key = 'sk-test'): Promise<Response> {
  return post(origin, body, { path, key, headers: asynchronous });
}

/** A prompt-shaped body. */
export function promptRecipe(
  parameters: Readonly<Record<string, unknown>> = {},
  model = 'qwen-image-plus',
  input: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { model, parameters, input: { prompt: 'A red kite over a salt flat', ...input } };
}

/** Submits one picture's task and returns its id. */
export async function submitTask(
  origin: string,
  body: unknown = recipe({ n: 1 }, 'wan2.6-t2i'),
  { path = MESSAGE_TASKS, key = 'sk-test' }: { readonly path?: string; readonly key?: string } = {},
): Promise<string> {
  const response = await submitTo(path, origin, body, key);
  const receipt: unknown = await response.json();
  if (response.status !== 200) throw new Error(`refused: ${JSON.stringify(receipt)}`);
  return String(field(receipt, 'output.task_id'));
}

export async function pollTask(origin: string, id: string, key = 'sk-test'): Promise<unknown> {
  const response = await fetch(`${origin}/api/v1/tasks/${id}`, {
    headers: { authorization: `Bearer ${key}` },
  });
  if (response.status !== 200) throw new Error(`poll answered ${response.status}`);
  return response.json();
}

export async function statusOf(origin: string, id: string, key = 'sk-test'): Promise<unknown> {
  return field(await pollTask(origin, id, key), 'output.task_status');
}

export function cancelTask(origin: string, id: string, key = 'sk-test'): Promise<Response> {
  return fetch(`${origin}/api/v1/tasks/${id}/cancel`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
  });
}
