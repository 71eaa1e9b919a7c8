import type { Config } from '../config.ts';
import type { RetryLimits } from '../core/retry-policy.ts';
import type { BlobDriver } from '../ports/blob-driver.ts';
import type { Clock } from '../ports/clock.ts';
import type { FlightCoordinator } from '../ports/flight-coordinator.ts';
import type { Hasher } from '../ports/hasher.ts';
import type { ImageProbe } from '../ports/image-probe.ts';
import type { Reporter } from '../ports/reporter.ts';
import type { SqlDatabase } from '../ports/sql-database.ts';
import type { UploadUpstream } from '../ports/upload-upstream.ts';
import { createStoreLock } from './create-stores.ts';
import { UploadCollector } from './uploads/upload-collector.ts';
import { UploadPolicies } from './uploads/upload-policies.ts';
import { UploadReceiver } from './uploads/upload-receiver.ts';
import { UploadService } from './uploads/upload-service.ts';
import { UploadStore } from './uploads/upload-store.ts';
import { UpstreamUploads } from './uploads/upstream-uploads.ts';

/** What temporary uploads are made of. */
export interface UploadPorts {
  readonly database: SqlDatabase;
  /** Whether nobody but these services changes the rows. */
  readonly isSoleWriter: boolean;
  /** Uploaded files, apart from the blobs: they are never served. */
  readonly uploadDriver: BlobDriver;
  readonly uploadUpstream: UploadUpstream;
  readonly uploading: FlightCoordinator<string>;
  readonly hasher: Hasher;
  readonly probe: ImageProbe;
  readonly clock: Clock;
  readonly reporter: Reporter;
}

/** The services of temporary uploads, around a store of their own. */
export function createUploads(
  ports: UploadPorts,
  config: Pick<Config, 'site' | 'auth' | 'models' | 'maxImage' | 'maxUploads'>,
  retry: RetryLimits,
  secret: Uint8Array,
) {
  const { hasher, probe, clock, reporter, uploadDriver: files } = ports;
  const uploads = new UploadStore(ports.database);
  const lock = createStoreLock(ports, 'references');
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
