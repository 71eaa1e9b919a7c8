import { invalidParameter } from './refusal.ts';

/** Width and height in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What one family accepts as `parameters.size`; every bound given must hold. */
export interface SizeRule {
  /** Used when the request names none. */
  readonly fallback: Size;
  /** Without a size, an edit keeps its last reference's aspect ratio at about the fallback's number of pixels. */
  readonly followsReference?: boolean;
  /** The family has no `size` at all: whatever is sent is ignored. */
  readonly ignored?: boolean;
  /** A closed list. */
  readonly listed?: readonly string[];
  /** Least and most pixels in all. */
  readonly pixels?: readonly [number, number];
  /** Least and most pixels of either side. */
  readonly sides?: readonly [number, number];
  /** Longest side over shortest, at most. */
  readonly ratio?: number;
  /** Short names such as `2K`. */
  readonly named?: Readonly<Record<string, Size>>;
  /** Sides are rounded to a multiple of this. */
  readonly multiple?: number;
}

/** The size of an image for `requested` (`parameters.size`), given the last reference's size where one is known. */
export function resolveSize(rule: SizeRule, requested: unknown, reference: Size | undefined): Size {
  const absent = requested === undefined || requested === null || requested === '';
  if (absent || rule.ignored) return rule.followsReference ? follow(rule.fallback, reference) : rule.fallback;
  if (typeof requested !== 'string') throw invalidParameter('size must be a string like 1024*1024');
  const named = rule.named?.[requested];
  if (named) return reference ? follow(named, reference) : named;
  const size = parseSize(requested);
  if (!size) throw invalidParameter(`size must match width*height, got ${requested}`);
  if (rule.listed && !rule.listed.includes(requested)) {
    throw invalidParameter(`size must be one of ${rule.listed.join(', ')}`);
  }
  checkBounds(rule, size);
  return rule.multiple ? roundTo(size, rule.multiple) : size;
}

function parseSize(text: string): Size | undefined {
  const match = /^(\d{1,5})\*(\d{1,5})$/.exec(text);
  if (!match) return undefined;
  const [width, height] = [Number(match[1]), Number(match[2])];
  return width > 0 && height > 0 ? { width, height } : undefined;
}

function checkBounds(rule: SizeRule, { width, height }: Size): void {
  const [short, long] = width < height ? [width, height] : [height, width];
  if (rule.sides && (short < rule.sides[0] || long > rule.sides[1])) {
    throw invalidParameter(`size: width and height must be in [${rule.sides[0]}, ${rule.sides[1]}]`);
  }
  if (rule.pixels && (width * height < rule.pixels[0] || width * height > rule.pixels[1])) {
    throw invalidParameter(`size: total pixels must be in [${rule.pixels[0]}, ${rule.pixels[1]}]`);
  }
  if (rule.ratio && long > short * rule.ratio) {
    throw invalidParameter(`size: aspect ratio must be in [1:${rule.ratio}, ${rule.ratio}:1]`);
  }
}

function follow(area: Size, reference: Size | undefined): Size {
  if (!reference) return area;
  const scale = Math.sqrt((area.width * area.height) / (reference.width * reference.height));
  return roundTo({ width: reference.width * scale, height: reference.height * scale }, 16);
}

function roundTo({ width, height }: Size, multiple: number): Size {
  const round = (side: number) => Math.max(multiple, Math.round(side / multiple) * multiple);
  return { width: round(width), height: round(height) };
}
