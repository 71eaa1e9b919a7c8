/** How progress is shown on standard error. */
export type ProgressStyle = 'bar' | 'lines' | 'none';

/** A bar on a terminal, plain lines elsewhere, nothing for scripts that read JSON. */
export function progressStyle(json: boolean): ProgressStyle {
  if (json) return 'none';
  return process.stderr.isTTY === true && process.env.TERM !== 'dumb' ? 'bar' : 'lines';
}
