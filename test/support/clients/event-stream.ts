/** One event of a stream of Server-Sent Events. */
export interface StreamEvent {
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into JSON of many shapes
  readonly data: any;
}

/** The events of a response as they come. */
export async function* readEvents(response: Response): AsyncGenerator<StreamEvent, void, undefined> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end !== -1; end = text.indexOf('\n\n')) {
      const [event = '', data = ''] = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      yield { event: event.replace('event: ', ''), data: JSON.parse(data.replace('data: ', '')) };
    }
  }
  if (text !== '') throw new Error(`the stream ends within an event: ${text}`);
}
