import { expect, it } from 'vitest';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { UploadPolicies } from '../../../src/services/uploads/upload-policies.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

it('a policy is good for the five minutes that it names, and no longer', async () => {
  const clock = new ManualClock();
  const policies = new UploadPolicies(
    { hasher: nativeHasher, clock },
    { secret: new Uint8Array(32), maxBytes: 1024 },
  );
  const { policy, signature, lifeSeconds } = await policies.issue('alice', 'qwen-image-edit-plus');
  expect(lifeSeconds).toBe(300);
  await clock.advance(299_999);
  expect(await policies.check(policy, signature)).toMatchObject({ scope: 'alice' });
  await clock.advance(1);
  await expect(policies.check(policy, signature)).rejects.toMatchObject({ code: 'forbidden' });
});
