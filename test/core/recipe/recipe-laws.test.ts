import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { canonicalJson } from '../../../src/core/json/canonical-json.ts';
import type { JsonObject, JsonValue } from '../../../src/core/json/json-value.ts';
import { cacheKey } from '../../../src/core/recipe/cache-key.ts';
import { fieldNames, jsonValues, objectOf } from '../../support/data/json-values.ts';
import { LAW } from '../../support/data/laws.ts';
import { recipeOf } from '../../support/data/recipes.ts';
import { pick, randomOf, spellJson } from '../../support/data/spelling.ts';

/** What a person wants drawn, before any dialect spells it. */
interface Wish {
  readonly model: string;
  readonly prompt: string;
  /** Contents; each has several addresses. */
  readonly images: readonly number[];
  readonly negative?: string;
  readonly style?: string;
  readonly size?: readonly [number, number];
  readonly seed?: number;
  readonly n?: number;
  readonly inspection?: string;
  readonly novelInput: JsonValue;
  readonly novelParameter: JsonValue;
  readonly novelField: JsonValue;
}

const words = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const novelties = jsonValues.filter((value) => value !== null);

const wishes: fc.Arbitrary<Wish> = fc.record(
  {
    model: fc.constantFrom('qwen-image-max', 'wan2.6-t2i', 'z-image-turbo', 'wan2.7-image-pro', 'wanx-v1'),
    prompt: words,
    images: fc.array(fc.nat(5), { maxLength: 3 }),
    negative: words,
    style: words,
    size: fc.tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1, max: 9999 })),
    seed: fc.nat(2 ** 31 - 1),
    n: fc.integer({ min: 1, max: 6 }),
    inspection: fc.constantFrom('enable', 'disable'),
    novelInput: novelties,
    novelParameter: novelties,
    novelField: novelties,
  },
  { requiredKeys: ['model', 'prompt', 'images', 'novelInput', 'novelParameter', 'novelField'] },
);

const DEFAULT_COUNT: Readonly<Record<string, number>> = {
  'qwen-image-max': 1,
  'z-image-turbo': 1,
  'wan2.6-t2i': 4,
};

const addressesOf = (image: number) =>
  [
    `data:image/png;base64,${'A'.repeat(image * 4)}`,
    `https://a.example/${image}`,
    `oss://up/${image}`,
  ] as const;
const names = Object.fromEntries(
  [0, 1, 2, 3, 4, 5].flatMap((image) =>
    addressesOf(image).map((address) => [address, `sha256:${String(image).repeat(64)}`]),
  ),
);

/** One of the many requests for a wish. */
function spellWish(wish: Wish, random: () => number): string {
  const maybe = (fields: JsonObject) => (random() < 0.5 ? fields : {});
  const images = wish.images.map((image) => pick(addressesOf(image), random));
  const negative = wish.negative === undefined ? undefined : { negative_prompt: wish.negative };
  const place = pick(['input', 'parameters', 'both'], random);
  const separator = pick(['*', 'x', 'X'], random);
  const count = DEFAULT_COUNT[wish.model] ?? null;
  const input: JsonObject = {
    ...spellContent(wish.prompt, images, random),
    ...(negative === undefined ? maybe({ negative_prompt: pick([null, ''], random) }) : {}),
    ...(place === 'parameters' ? {} : negative),
    novelty: wish.novelInput,
    ...maybe({ unset: null }),
  };
  const parameters: JsonObject = {
    ...(negative === undefined ? maybe({ negative_prompt: pick([null, ''], random) }) : {}),
    ...(place === 'input' ? {} : negative),
    ...(wish.style === undefined ? maybe({ style: pick([null, ''], random) }) : { style: wish.style }),
    ...(wish.size === undefined ? maybe({ size: null }) : { size: wish.size.join(separator) }),
    ...(wish.seed === undefined ? maybe({ seed: pick([null, -1], random) }) : { seed: wish.seed }),
    ...(wish.n === undefined ? maybe({ n: pick([null, count], random) }) : { n: wish.n }),
    ...maybe({ stream: true, incremental_output: random() < 0.5 }),
    ...maybe({ is_async: true, result_format: 'message', response_format: 'b64_json' }),
    ...maybe({ unset: null }),
    novelty: wish.novelParameter,
  };
  return spellJson({ model: wish.model, input, parameters, novelty: wish.novelField }, random);
}

function spellContent(prompt: string, images: readonly string[], random: () => number): JsonObject {
  if (random() < 0.4) return { prompt, ...(images.length === 0 ? {} : { images }) };
  const content = images.map((image): JsonObject => ({ image }));
  content.splice(Math.floor(random() * (content.length + 1)), 0, { text: prompt });
  return { messages: [{ role: 'user', content }] };
}

function recipeOfWish(wish: Wish, seed: number) {
  return recipeOf(spellWish(wish, randomOf(seed)), { dataInspection: wish.inspection, names });
}

const keyOf = (canonical: string) => cacheKey((bytes) => nativeHasher.xxh128(bytes), canonical);

/** The wish with one thing changed that can change a pixel. */
function changes(wish: Wish): Wish[] {
  const { images, size, seed, n, inspection } = wish;
  const { negative: _n, style: _s, seed: _d, size: _z, inspection: _i, ...bare } = wish;
  const counted = n ?? DEFAULT_COUNT[wish.model];
  return [
    { ...wish, model: `${wish.model}-2` },
    { ...wish, prompt: `${wish.prompt} ` },
    { ...wish, prompt: [...wish.prompt].slice(1).join('') },
    { ...wish, images: [...images, 0] },
    { ...wish, images: images.map((image, at) => (at === 0 ? image + 6 : image)) },
    { ...wish, images: images.toReversed() },
    { ...wish, negative: `${wish.negative ?? ''}!` },
    { ...wish, style: `${wish.style ?? ''}!` },
    { ...wish, size: [size?.[0] ?? 1, (size?.[1] ?? 0) + 1] as const },
    { ...wish, seed: (seed ?? 0) + 1 },
    { ...wish, n: (counted ?? 0) + 1 },
    { ...wish, inspection: `${inspection ?? ''}!` },
    { ...wish, novelInput: [wish.novelInput] },
    { ...wish, novelParameter: [wish.novelParameter] },
    { ...wish, novelField: [wish.novelField] },
    ...(Object.keys(bare).length < Object.keys(wish).length ? [bare] : []),
  ].filter((changed) => JSON.stringify(changed) !== JSON.stringify(wish));
}

describe('a recipe', () => {
  it('is one for all spellings of a wish', () => {
    fc.assert(
      fc.property(wishes, fc.integer(), fc.integer(), (wish, a, b) => {
        const [left, right] = [recipeOfWish(wish, a), recipeOfWish(wish, b)];
        expect(left).toEqual(right);
        expect(keyOf(left.canonical)).toBe(keyOf(right.canonical));
      }),
      LAW,
    );
  });

  it('is another one when one thing changes, in canonical form and in key', () => {
    fc.assert(
      fc.property(wishes, fc.integer(), fc.integer(), (wish, a, b) => {
        const { canonical } = recipeOfWish(wish, a);
        for (const changed of changes(wish)) {
          const other = recipeOfWish(changed, b).canonical;
          expect(other).not.toBe(canonical);
          expect(keyOf(other)).not.toBe(keyOf(canonical));
        }
      }),
      LAW,
    );
  });

  it('holds every field that nobody has seen before, under any name', () => {
    const places = fc.constantFrom('input', 'parameters', 'top');
    const known = /^(model|input|parameters|prompt|messages|images|size|seed|n|style|negative_prompt|take)$/;
    const fields = fieldNames.filter((name) => !known.test(name));
    fc.assert(
      fc.property(places, fields, novelties, novelties, (place, name, value, other) => {
        const text = (member?: JsonValue) => {
          const added = member === undefined ? {} : objectOf([[name, member]]);
          const input = { prompt: 'a cat', ...(place === 'input' ? added : {}) };
          const parameters = place === 'parameters' ? added : {};
          return JSON.stringify({ model: 'wanx-v1', input, parameters, ...(place === 'top' ? added : {}) });
        };
        const absent = recipeOf(text()).canonical;
        expect(recipeOf(text(value)).canonical).not.toBe(absent);
        const isSame = JSON.stringify(nullFree(value)) === JSON.stringify(nullFree(other));
        if (!isSame) expect(recipeOf(text([value])).canonical).not.toBe(recipeOf(text([other])).canonical);
      }),
      LAW,
    );
  });

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(wishes, fc.integer(), (wish, seed) => {
        const { canonical } = recipeOfWish(wish, seed);
        expect(canonicalJson(JSON.parse(canonical))).toBe(canonical);
      }),
      LAW,
    );
  });
});

/** Null is absent in objects; the order of names is nobody's business. */
function nullFree(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(nullFree);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, member]) => member !== null);
  return kept.map(([name, member]) => [name, nullFree(member)]).sort();
}
