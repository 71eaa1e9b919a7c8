import { describe, expect, it } from 'vitest';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { blobDriverConformance, put } from '../../conformance/blob-driver.ts';

const clock = { now: () => 1_750_000_000_000 };

blobDriverConformance('MemoryBlobDriver', async () => {
  const driver = new MemoryBlobDriver(clock);
  return {
    driver,
    reopen: () => driver,
    leftovers: async () => Array.from({ length: driver.openStages }, () => 'stage'),
    remove: async () => {},
  };
});

describe('MemoryBlobDriver', () => {
  it('counts the bytes it holds, each blob once', async () => {
    const driver = new MemoryBlobDriver(clock);
    const digest = await put(driver, new Uint8Array(10));
    await put(driver, new Uint8Array(10));
    await put(driver, new Uint8Array(7));
    expect(driver.byteCount).toBe(17);
    await driver.delete(digest);
    expect(driver.byteCount).toBe(7);
  });
});
