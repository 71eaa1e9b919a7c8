/** One event of a stream (WHATWG HTML section 9.2), with what the vendor's gateway says in its comment. */
export interface StreamEvent {
  /** `result` or `error` at the vendor; `message` where none is named. */
  readonly event: string;
  /** The number in the comment `:HTTP_STATUS/200`. */
  readonly status: number | undefined;
  /** Its data lines, joined by line feeds. */
  readonly data: string;
}

/**
 * The events of a whole stream. Lines end as the standard allows (LF, CR LF, CR). More is accepted than it asks for: some
 * captures of the gateway lack the blank line between events, so a new `id:` ends an event too, as does the stream's end.
 */
export function readEvents(stream: string): StreamEvent[] {
  const events: StreamEvent[] = [];
  let event = 'message';
  let status: number | undefined;
  let data: string[] = [];
  const dispatch = () => {
    if (data.length > 0) events.push({ event, status, data: data.join('\n') });
    event = 'message';
    status = undefined;
    data = [];
  };
  for (const line of stream.split(/\r\n|\r|\n/)) {
    const comment = /^:\s*HTTP_STATUS\/(\d{3})\s*$/.exec(line);
    if (comment !== null) status = Number(comment[1]);
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (line === '' || (field === 'id' && data.length > 0)) dispatch();
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  dispatch();
  return events;
}

/**
 * A result as the gateway frames it, byte for byte: no space after a colon and the data in one line, since the Python SDK
 * compares lines before it strips them and takes each data line for an event.
 */
export function writeResult(id: number, data: string): string {
  return `id:${id}\nevent:result\n:HTTP_STATUS/200\ndata:${data}\n\n`;
}
