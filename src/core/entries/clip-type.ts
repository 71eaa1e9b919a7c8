const starts = (head: Uint8Array, at: number, text: string) =>
  [...text].every((char, index) => head[at + index] === char.charCodeAt(0));

/** The media type of a clip or a sound by its first bytes; undefined for anything else. */
export function clipTypeOf(head: Uint8Array): string | undefined {
  if (starts(head, 4, 'ftyp')) return starts(head, 8, 'qt  ') ? 'video/quicktime' : 'video/mp4';
  // EBML, which holds WebM and Matroska.
  if (starts(head, 0, '\u001aE\u00df\u00a3')) return 'video/webm';
  if (starts(head, 0, 'RIFF') && starts(head, 8, 'WAVE')) return 'audio/wav';
  // An ID3 tag, or the sync word of an MPEG audio frame of layer III.
  const isFrame = head[0] === 0xff && ((head[1] ?? 0) & 0xe6) === 0xe2;
  return starts(head, 0, 'ID3') || isFrame ? 'audio/mpeg' : undefined;
}
