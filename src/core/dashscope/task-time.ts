const CHINA_OFFSET_MS = 8 * 60 * 60 * 1000;

/** `YYYY-MM-DD HH:MM:SS.mmm` in UTC+8, as the vendor writes the times of its tasks. */
export function formatTaskTime(at: number): string {
  return new Date(at + CHINA_OFFSET_MS).toISOString().replace('T', ' ').slice(0, 23);
}

/** A time in the filters of the task list (`YYYYMMDDhhmmss`, UTC+8), in epoch ms; undefined when it is not that. */
export function parseListTime(text: string): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text)?.slice(1).map(Number);
  const [year, month, day, hour, minute, second] = parts ?? [];
  if (year === undefined || month === undefined) return undefined;
  const at = Date.UTC(year, month - 1, day, hour, minute, second) - CHINA_OFFSET_MS;
  // A thirteenth month would be the next year's first.
  return formatTaskTime(at).replace(/\D/g, '').startsWith(text) ? at : undefined;
}
