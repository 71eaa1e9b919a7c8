/** The vendor's wall clock: China's time, which knows no summer. */
const OFFSET_MS = 8 * 60 * 60 * 1000;

/** `YYYY-MM-DD HH:MM:SS.mmm` in UTC+8, without a zone, as tasks tell their times. */
export function formatVendorTime(at: number): string {
  return new Date(at + OFFSET_MS).toISOString().replace('T', ' ').replace('Z', '');
}

/** Epoch ms of `YYYYMMDDhhmmss` in UTC+8, as the task list's filters tell time; undefined for anything else. */
export function parseVendorTime(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? undefined : at - OFFSET_MS;
}
