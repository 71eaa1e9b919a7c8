/** A header's value and its parameters (RFC 9110 section 5.6.6), quoted texts taken as a whole. */
export interface Parameterized {
  /** In lower case. */
  readonly value: string;
  /** By name in lower case; the first of equal names counts. */
  readonly parameters: ReadonlyMap<string, string>;
}

const PARAMETER = /\s*;\s*(?:([^\s=;"]+)=(?:"((?:\\.|[^"\\])*)"|([^;"\s]*)))?\s*/y;

/** Parses a header such as `form-data; name="a"`; undefined when it is malformed. */
export function readParameters(header: string): Parameterized | undefined {
  const [value = ''] = header.split(';', 1);
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = value.length;
  for (let at = value.length; at < header.length; at = PARAMETER.lastIndex) {
    const found = PARAMETER.exec(header);
    if (found === null) return undefined;
    const [, name = '', quoted, bare = ''] = found;
    const key = name.toLowerCase();
    if (!parameters.has(key)) parameters.set(key, quoted?.replace(/\\(["\\])/g, '$1') ?? bare);
  }
  return { value: value.trim().toLowerCase(), parameters };
}
