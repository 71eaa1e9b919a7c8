import { API_KEY, MULTIMODAL, type ServedSimulator } from '../servers/stack.ts';
import { dataUri } from './assets.ts';
import { ASYNC, IMAGE_GENERATION, IMAGE2IMAGE, RESOLVE, Sdk, SPELLINGS, TEXT2IMAGE } from './sdk.ts';

/** How a request names its reference image. */
export const FORMS = ['text', 'data', 'url', 'blob', 'upload', 'multipart'] as const;
export type Form = (typeof FORMS)[number];

/** What is asked for, and where its reference image can be had; `bytes` is undefined for a text alone. */
export interface Picture {
  readonly prompt: string;
  readonly bytes: Uint8Array | undefined;
  /** Served by somebody else. */
  readonly url: string;
  /** Served by the stack itself. */
  readonly blob: string;
}

/** What a door answered. */
export interface DoorAnswer {
  readonly cache: string | null;
  readonly url: string;
}

export interface Door {
  readonly name: string;
  readonly forms: readonly Form[];
  ask(stack: ServedSimulator, form: Form, picture: Picture): Promise<DoorAnswer>;
}

const SIZE = { width: 512, height: 640 } as const;
const EDIT_MODEL = 'qwen-image-edit-plus';
const TEXT_MODEL = 'qwen-image-max';
const NAMED: readonly Form[] = ['text', 'data', 'url', 'blob', 'upload'];

const modelFor = (form: Form) => (form === 'text' ? TEXT_MODEL : EDIT_MODEL);

/** The reference image as a form names it. */
async function nameOf(
  stack: ServedSimulator,
  form: Form,
  { bytes, url, blob }: Picture,
): Promise<readonly string[]> {
  switch (form) {
    case 'data':
      return [dataUri('image/png', bytes ?? new Uint8Array())];
    case 'url':
      return [url];
    case 'blob':
      return [blob];
    case 'upload': {
      const sdk = new Sdk(stack.origin, SPELLINGS.python);
      return [await sdk.upload(EDIT_MODEL, bytes ?? new Uint8Array(), 'cat.png')];
    }
    default:
      return [];
  }
}

const parameters = { size: `${SIZE.width}*${SIZE.height}`, n: 1 };

function messages(prompt: string, images: readonly string[], model: string) {
  const content = [...images.map((image) => ({ image })), { text: prompt }];
  return { model, parameters, input: { messages: [{ role: 'user', content }] } };
}

async function post(
  stack: ServedSimulator,
  path: string,
  body: object | FormData,
  headers: Record<string, string> = {},
) {
  const isForm = body instanceof FormData;
  const response = await fetch(stack.origin + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${API_KEY}`,
      ...(isForm ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: isForm ? body : JSON.stringify(body),
  });
  // biome-ignore lint/suspicious/noExplicitAny: answers of many shapes
  const json: any = await response.json();
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${JSON.stringify(json)}`);
  return { cache: response.headers.get('x-cache'), json };
}

function fileForm(
  fields: Readonly<Record<string, string>>,
  part: string,
  bytes: Uint8Array | undefined,
): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.append(part, new Blob([Uint8Array.from(bytes ?? [])], { type: 'image/png' }), 'cat.png');
  return form;
}

/** Submits, and waits for the task's end. */
async function byTask(stack: ServedSimulator, path: string, body: object): Promise<DoorAnswer> {
  const { cache, json } = await post(stack, path, body, { ...ASYNC, ...RESOLVE });
  const { json: ended } = await new Sdk(stack.origin, SPELLINGS.python).wait(json.output.task_id);
  const { choices, results } = ended.output;
  return { cache, url: results?.[0]?.url ?? choices[0].message.content.find(hasImage).image };
}

const hasImage = (item: { readonly image?: string }) => item.image !== undefined;

/** Every front door that draws pictures, each in its own words. */
export const DOORS: readonly Door[] = [
  {
    name: 'DashScope',
    forms: NAMED,
    async ask(stack, form, picture) {
      const images = await nameOf(stack, form, picture);
      const body = messages(picture.prompt, images, modelFor(form));
      const { cache, json } = await post(stack, MULTIMODAL, body, RESOLVE);
      return { cache, url: json.output.choices[0].message.content.find(hasImage).image };
    },
  },
  {
    name: 'DashScope’s tasks of messages',
    forms: NAMED,
    async ask(stack, form, picture) {
      const images = await nameOf(stack, form, picture);
      return await byTask(stack, IMAGE_GENERATION, messages(picture.prompt, images, modelFor(form)));
    },
  },
  {
    name: 'DashScope’s tasks of prompts',
    forms: NAMED,
    async ask(stack, form, picture) {
      const images = await nameOf(stack, form, picture);
      const input = { prompt: picture.prompt, ...(images.length === 0 ? {} : { images }) };
      const path = form === 'text' ? TEXT2IMAGE : IMAGE2IMAGE;
      return await byTask(stack, path, { model: modelFor(form), parameters, input });
    },
  },
  {
    name: 'image.generate',
    forms: FORMS,
    async ask(stack, form, picture) {
      const fields = { prompt: picture.prompt, size: parameters.size, model: modelFor(form) };
      const [image] = await nameOf(stack, form, picture);
      const body =
        form === 'multipart'
          ? fileForm(fields, 'reference_image', picture.bytes)
          : { ...fields, reference_image: image ?? null };
      const { cache, json } = await post(stack, '/v1/image.generate', body);
      return { cache, url: json.image_url };
    },
  },
  {
    name: 'OpenAI',
    forms: FORMS,
    async ask(stack, form, picture) {
      const fields = {
        prompt: picture.prompt,
        size: `${SIZE.width}x${SIZE.height}`,
        model: modelFor(form),
      };
      const [image] = await nameOf(stack, form, picture);
      const path = form === 'text' ? '/v1/images/generations' : '/v1/images/edits';
      const body =
        form === 'multipart'
          ? fileForm(fields, 'image', picture.bytes)
          : { ...fields, ...(image === undefined ? {} : { image }) };
      const { cache, json } = await post(stack, path, body);
      return { cache, url: json.data[0].url };
    },
  },
];
