import { isJsonObject, type JsonValue } from '../json/json-value.ts';

export interface UsageSize {
  readonly width: number;
  readonly height: number;
}

/**
 * How large the vendor says its pictures are, for when they cannot be looked at: `usage` (as JSON) in its families' several
 * spellings (dashscope-api 2.4), else the size that was asked for.
 */
export function usageSizeOf(usageText: string | undefined, asked: string | undefined): UsageSize | undefined {
  const value: JsonValue = usageText === undefined ? {} : JSON.parse(usageText);
  const usage = isJsonObject(value) ? value : {};
  return (
    pair(usage.width, usage.height) ??
    pair(usage.output_width, usage.output_height) ??
    readSize(usage.size) ??
    readSize(asked)
  );
}

function readSize(size: JsonValue | undefined): UsageSize | undefined {
  const [, width, height] = typeof size === 'string' ? (/^(\d+)\*(\d+)$/.exec(size) ?? []) : [];
  return pair(Number(width), Number(height));
}

function pair(width: JsonValue | undefined, height: JsonValue | undefined): UsageSize | undefined {
  // wan says 0*0 for an answer without a picture.
  if (typeof width !== 'number' || typeof height !== 'number' || !(width > 0) || !(height > 0))
    return undefined;
  return { width, height };
}
