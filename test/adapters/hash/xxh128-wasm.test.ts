import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readXxh128Wasm } from '../../support/fakes/xxh128-wasm.ts';

it('the module that goes into the Worker is hash-wasm’s own, byte for byte', () => {
  const file = new URL('../../../src/adapters/hash/xxh128.wasm', import.meta.url);
  expect(readFileSync(file).equals(readXxh128Wasm())).toBe(true);
});
