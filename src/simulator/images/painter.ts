import type { Bytes } from '../util/bytes.ts';
import type { Size } from '../vendor/size.ts';

type Color = readonly [red: number, green: number, blue: number];

interface Hill {
  readonly color: Color;
  /** Height of the skyline above the top edge, by column, in pixels. */
  readonly skyline: Float32Array;
}

/** Bytes per pixel of what `paintRows` yields. */
export const CHANNELS = 3;

/**
 * A landscape that 32 bytes decide: a sky between two colours, a sun and ranges of hills. Calls `onRow` with each row's
 * RGB bytes from the top; the array is reused. A grain of one level hides banding and gives files a plausible size.
 */
export function paintRows(essence: Bytes, { width, height }: Size, onRow: (row: Uint8Array) => void): void {
  const random = randomFrom(essence);
  const hue = random();
  const zenith = colorOf(hue, 0.35 + 0.3 * random(), 0.2 + 0.25 * random());
  const horizon = colorOf(hue + 0.25 + 0.3 * random(), 0.7, 0.72 + 0.15 * random());
  const sun = { x: width * (0.15 + 0.7 * random()), y: height * (0.15 + 0.35 * random()) };
  const sunColor = colorOf(hue + 0.5 + 0.2 * random(), 0.9, 0.85);
  const sunRadius = Math.min(width, height) * (0.06 + 0.08 * random());
  const hills = hillsOf(random, hue, { width, height });
  const grainSeed = Math.floor(random() * 0x7fffffff) | 1;

  const row = new Uint8Array(width * CHANNELS);
  let grain = grainSeed;
  for (let y = 0; y < height; y++) {
    const depth = y / height;
    const sky = mix(zenith, horizon, Math.min(1, depth * 1.5));
    for (let x = 0; x < width; x++) {
      let [red, green, blue] = sky;
      const hill = hills.find(({ skyline }) => y >= (skyline[x] ?? 0));
      if (hill) {
        const light = 1 + (0.35 * (y - (hill.skyline[x] ?? 0))) / height;
        [red, green, blue] = hill.color;
        red *= light;
        green *= light;
        blue *= light;
      } else {
        const reach = ((x - sun.x) ** 2 + (y - sun.y) ** 2) / sunRadius ** 2;
        const glow = reach < 1 ? 1 : 0.55 / reach;
        red += (sunColor[0] - red) * glow;
        green += (sunColor[1] - green) * glow;
        blue += (sunColor[2] - blue) * glow;
      }
      grain ^= grain << 13;
      grain ^= grain >>> 17;
      grain ^= grain << 5;
      const noise = (grain & 3) * 0.5;
      const at = x * CHANNELS;
      row[at] = clamp(red + noise);
      row[at + 1] = clamp(green + noise);
      row[at + 2] = clamp(blue + noise);
    }
    onRow(row);
  }
}

/** Nearest first. */
function hillsOf(random: () => number, hue: number, { width, height }: Size): Hill[] {
  const ranges = 3 + Math.floor(random() * 3);
  return Array.from({ length: ranges }, (_, index) => {
    const nearness = (ranges - index) / ranges;
    const base = height * (0.45 + 0.5 * nearness - 0.1 * random());
    const waves = Array.from({ length: 4 }, (_, octave) => ({
      frequency: ((1.5 + 3 * random()) * 2 ** octave * Math.PI) / width,
      phase: random() * Math.PI * 2,
      amplitude: (height * (0.06 + 0.05 * random())) / 1.9 ** octave,
    }));
    const skyline = Float32Array.from({ length: width }, (_, x) =>
      waves.reduce((y, wave) => y + wave.amplitude * Math.sin(x * wave.frequency + wave.phase), base),
    );
    return { color: colorOf(hue + 0.08 * random(), 0.45, 0.55 - 0.42 * nearness), skyline };
  });
}

/** Numbers in [0, 1) that the bytes decide: sfc32 over their first half, stirred by the second. */
function randomFrom(essence: Bytes): () => number {
  const words = new DataView(essence.buffer, essence.byteOffset, essence.byteLength);
  const word = (index: number) => words.getUint32(index * 4) ^ words.getUint32(16 + index * 4);
  let [a, b, c, counter] = [word(0), word(1), word(2), word(3)];
  return () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  };
}

/** RGB in 0…255 of a hue (turns), saturation and lightness (0…1). */
function colorOf(hue: number, saturation: number, lightness: number): Color {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const channel = (offset: number) => {
    const sector = (offset + hue * 12) % 12;
    return 255 * (lightness - chroma * Math.max(-1, Math.min(sector - 3, 9 - sector, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

function mix(from: Color, to: Color, share: number): Color {
  const at = (index: 0 | 1 | 2) => from[index] + (to[index] - from[index]) * share;
  return [at(0), at(1), at(2)];
}

function clamp(level: number): number {
  return level < 0 ? 0 : level > 255 ? 255 : level;
}
