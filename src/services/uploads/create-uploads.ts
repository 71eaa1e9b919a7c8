import type { Config } from '../../config.ts';
import type { RetryLimits } from '../../core/retry-policy.ts';
import { StoreLock } from '../blobs/store-lock.ts';
import type { Ports } from '../create-services.ts';
import { UploadCollector } from './upload-collector.ts';
import { UploadPolicies } from './upload-policies.ts';
import { UploadReceiver } from './upload-receiver.ts';
import { UploadService } from './upload-service.ts';
import { UploadStore } from './upload-store.ts';
import { UpstreamUploads } from './upstream-uploads.ts';

/** The services of temporary uploads, around a store of their own. */
export function createUploads(
  ports: Pick<
    Ports,
    'database' | 'uploadDriver' | 'uploadUpstream' | 'uploading' | 'hasher' | 'probe' | 'clock' | 'reporter'
  >,
  config: Pick<Config, 'site' | 'auth' | 'models' | 'maxImage' | 'maxUploads'>,
  retry: RetryLimits,
  secret: Uint8Array,
) {
  const { hasher, probe, clock, reporter, uploadDriver: files } = ports;
  const uploads = new UploadStore(ports.database);
  const lock = new StoreLock();
  const policies = new UploadPolicies({ hasher, clock }, { secret, maxBytes: config.maxImage });
  const garbageCollector = new UploadCollector({ uploads, files, lock, clock });
  const intake = new UploadReceiver(
    { uploads, files, policies, garbageCollector, lock, hasher, probe, clock },
    { maxTotalBytes: config.maxUploads },
  );
  const upstream = new UpstreamUploads(
    { uploads, files, upstream: ports.uploadUpstream, flights: ports.uploading, hasher, clock, reporter },
    { site: config.site, retry },
  );
  const service = new UploadService(
    { policies, intake, uploads, upstream, clock },
    { addedModels: config.models, ownNamesOnly: config.auth === 'token' },
  );
  return { uploads: service, uploadCollector: garbageCollector };
}
