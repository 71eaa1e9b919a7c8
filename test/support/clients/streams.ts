import { MULTIMODAL } from '../servers/stack.ts';

/** An event as the Python SDK reads it: line by line, nothing stripped before it is compared. */
export interface StrictEvent {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of many shapes
  readonly data: any;
}

/** Reads a stream of the gateway's framing; throws for anything that is not exactly it. */
export function readStrictly(stream: string): StrictEvent[] {
  if (!stream.endsWith('\n\n')) throw new Error('the stream does not end with a whole event');
  return stream
    .slice(0, -2)
    .split('\n\n')
    .map((frame) => {
      const match = /^id:(\d+)\nevent:(result|error)\n:HTTP_STATUS\/\d{3}\ndata:(\{.*\})$/.exec(frame);
      if (match === null) throw new Error(`not an event of the gateway: ${JSON.stringify(frame)}`);
      const [, id = '', event = '', data = ''] = match;
      return { id, event, data: JSON.parse(data) };
    });
}

/** Texts and pictures in the order in which a stream tells them; texts that follow each other are one. */
export function itemsOf(events: readonly StrictEvent[]): { text?: string; image?: string }[] {
  const items: { text?: string; image?: string }[] = [];
  for (const { data } of events) {
    for (const { text, image } of data.output.choices[0].message.content) {
      const last = items.at(-1);
      if (text !== undefined && last?.text !== undefined) last.text += text;
      else items.push(text === undefined ? { image } : { text });
    }
  }
  return items;
}

export const STREAMING = { 'x-dashscope-sse': 'enable', accept: 'text/event-stream' } as const;

/** A recipe of texts and pictures in turn. */
export function interleaved(
  prompt: string,
  maxImages = 1,
  parameters: Readonly<Record<string, unknown>> = {},
) {
  return {
    model: 'wan2.6-image',
    parameters: {
      stream: true,
      enable_interleave: true,
      max_images: maxImages,
      size: '768*768',
      ...parameters,
    },
    input: { messages: [{ role: 'user', content: [{ text: prompt }] }] },
  };
}

/** Posts for a stream; the answer's head is there when it resolves. */
export function openStream(
  origin: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(origin + MULTIMODAL, {
    method: 'POST',
    headers: {
      authorization: 'Bearer sk-test-0123456789abcdef',
      'content-type': 'application/json',
      ...STREAMING,
      ...headers,
    },
    body: JSON.stringify(body),
    ...(signal === undefined ? {} : { signal }),
  });
}
