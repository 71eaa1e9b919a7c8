import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BetterSqlite3Database } from '../../../src/adapters/better-sqlite3/sql-database.ts';
import { InProcessFlights } from '../../../src/adapters/flight/in-process.ts';
import { nativeHasher } from '../../../src/adapters/hash/native.ts';
import { imageProbe } from '../../../src/adapters/image-size/image-probe.ts';
import { MemoryBlobDriver } from '../../../src/adapters/memory/blob-driver.ts';
import { portableForms } from '../../../src/adapters/multipart/form-reader.ts';
import { parseConfig } from '../../../src/config.ts';
import { AppError } from '../../../src/core/errors.ts';
import type { SqlStatement } from '../../../src/ports/sql-database.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import type { UploadAnswer } from '../../../src/ports/upload-upstream.ts';
import { createUploads } from '../../../src/services/create-uploads.ts';
import type { IssuedPolicy } from '../../../src/services/uploads/upload-policies.ts';
import { uploadStatements } from '../../../src/services/uploads/upload-store.ts';
import { FORM_TYPE, formBytes, inChunks } from '../../support/clients/forms.ts';
import { openMigrated } from '../../support/data/database.ts';
import { png } from '../../support/data/sample-images.ts';
import { CALLER, FakeUploads } from '../../support/fakes/fake-uploads.ts';
import { answer } from '../../support/fakes/fake-upstream.ts';
import { Faults } from '../../support/fakes/faulty.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { ManualClock, settle } from '../../support/fakes/manual-clock.ts';
import { RecordingReporter } from '../../support/fakes/recording-reporter.ts';
import { watchDriver } from '../../support/servers/store-bench.ts';

const CAT = png(40, 30);
const MODEL = 'qwen-image-edit';
const HOUR = 60 * 60 * 1000;
const SECRET = new Uint8Array(32).fill(7);
const digestOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

let database: BetterSqlite3Database;
let clock: ManualClock;
let driver: MemoryBlobDriver;
let vendor: FakeUploads;
let reporter: RecordingReporter;
let faults: Faults;
let uploads: ReturnType<typeof createUploads>['uploads'];
let garbageCollector: ReturnType<typeof createUploads>['uploadCollector'];

function start(env: Readonly<Record<string, string>> = {}, secret = SECRET) {
  return createUploads(
    {
      database: faults.watch('database', database),
      uploadDriver: watchDriver(faults, driver),
      uploadUpstream: vendor,
      isSoleWriter: true,
      uploading: new InProcessFlights(),
      hasher: nativeHasher,
      probe: imageProbe,
      clock,
      reporter,
    },
    parseConfig(env),
    { throttledAttempts: 4, failedAttempts: 3, budgetMs: 30_000 },
    secret,
  );
}

beforeEach(async () => {
  database = await openMigrated();
  clock = new ManualClock();
  driver = new MemoryBlobDriver(clock);
  vendor = new FakeUploads();
  reporter = new RecordingReporter();
  faults = new Faults();
  ({ uploads, uploadCollector: garbageCollector } = start());
});
afterEach(() => database.close());

function formOf({ policy, signature, folder }: IssuedPolicy, bytes: Uint8Array, name = 'cat.png') {
  return formBytes([
    { name: 'Signature', value: signature },
    { name: 'policy', value: policy },
    { name: 'key', value: `${folder}/${name}` },
    { name: 'x-oss-object-acl', value: 'private' },
    { name: 'x-oss-forbid-overwrite', value: 'true' },
    { name: 'file', value: bytes, filename: name },
  ]);
}

const receive = (form: Uint8Array) =>
  uploads.receive(portableForms.read(FORM_TYPE, inChunks(form, 16 * 1024)));

async function upload(bytes: Uint8Array = CAT, name = 'cat.png'): Promise<string> {
  const { upload: stored } = await receive(formOf(await uploads.issue('alice', MODEL), bytes, name));
  return `oss://${stored.name}`;
}

async function digests(): Promise<string[]> {
  const found: string[] = [];
  for await (const { digest } of driver.list()) found.push(digest);
  return found;
}

async function find(url: string, caller = CALLER, model = MODEL) {
  const found = await uploads.find(url, model, caller);
  if (found === undefined) throw new Error('it is none of ours');
  return found;
}

const unknown = { code: 'upload_unknown' };

describe('a policy', () => {
  it('lasts five minutes', async () => {
    const issued = await uploads.issue('alice', MODEL);
    await clock.advance(299_999);
    await receive(formOf(issued, CAT));
    await clock.advance(1);
    await expect(receive(formOf(issued, CAT, 'other.png'))).rejects.toMatchObject({ code: 'forbidden' });
    expect(await digests()).toEqual([digestOf(CAT)]);
  });

  it('of another server is none', async () => {
    const other = start({}, new Uint8Array(32)).uploads;
    const form = formOf(await other.issue('alice', MODEL), CAT);
    await expect(receive(form)).rejects.toMatchObject({ code: 'forbidden' });
    const { upload: stored } = await other.receive(portableForms.read(FORM_TYPE, inChunks(form, 100)));
    expect(await uploads.find(`oss://${stored.name}`, MODEL, CALLER)).toBeUndefined();
  });

  it('may be for names and models of any script', async () => {
    const issued = await uploads.issue('token:ünïcode', '模型');
    const { upload: stored } = await receive(formOf(issued, CAT, '猫.png'));
    expect(stored).toMatchObject({
      scope: 'token:ünïcode',
      model: '模型',
      digest: digestOf(CAT),
      size: CAT.length,
    });
    expect(stored.name).toBe(`${issued.folder}/猫.png`);
  });
});

describe('a file on its way in', () => {
  it('waits with its sender while the store does', async () => {
    const gate = createGate();
    const bytes = new Uint8Array(25 * 1024 * 1024);
    let sent = 0;
    const stage = driver.stage.bind(driver);
    driver.stage = async () => {
      const opened = await stage();
      const write = opened.write.bind(opened);
      opened.write = async (chunk) => {
        await gate.opened;
        await write(chunk);
      };
      return opened;
    };
    const form = formOf(await uploads.issue('alice', MODEL), bytes);
    const body = inChunks(form, 64 * 1024, (at) => {
      sent = at;
    });
    const received = uploads.receive(portableForms.read(FORM_TYPE, body));
    for (let turn = 0; turn < 50; turn += 1) await settle();
    expect(sent).toBeLessThan(512 * 1024);
    gate.open();
    expect((await received).upload).toMatchObject({
      size: bytes.length,
      digest: digestOf(bytes),
      mediaType: undefined,
    });
  });

  it('whose sender leaves stays nowhere', async () => {
    const form = formOf(await uploads.issue('alice', MODEL), new Uint8Array(100_000));
    const left = new Error('the client left');
    async function* body() {
      yield form.subarray(0, 90_000);
      throw left;
    }
    await expect(uploads.receive(portableForms.read(FORM_TYPE, body()))).rejects.toBe(left);
    expect([driver.openStages, driver.byteCount]).toEqual([0, 0]);
    // What it took of the bound is free again.
    ({ uploads } = start({ DASHCACHE_MAX_UPLOADS: '50KiB' }));
    const failing = receive(formOf(await uploads.issue('alice', MODEL), new Uint8Array(100_000)));
    await expect(failing).rejects.toMatchObject({ code: 'storage_full' });
    await upload();
    expect(driver.openStages).toBe(0);
  });

  it.each(['driver.stage', 'stage.write', 'stage.commit', 'database.batch'])(
    'stays nowhere when %s fails',
    async (call) => {
      const issued = await uploads.issue('alice', MODEL);
      await upload(png(9, 9));
      const insertFails = call === 'database.batch';
      if (!insertFails) faults.fail(call, new AppError('storage_failed', 'broken'));
      else {
        const batch = database.batch.bind(database);
        database.batch = async (statements: readonly SqlStatement[]) => {
          if (statements[0]?.sql.startsWith('insert into uploads'))
            throw new AppError('storage_failed', 'broken');
          return await batch(statements);
        };
      }
      await expect(receive(formOf(issued, CAT))).rejects.toMatchObject({ code: 'storage_failed' });
      expect([driver.openStages, await digests()]).toEqual([0, [digestOf(png(9, 9))]]);
    },
  );

  it('of two with one name one is taken, and the other leaves nothing', async () => {
    const issued = await uploads.issue('alice', MODEL);
    const both = await Promise.allSettled([CAT, png(9, 9)].map((bytes) => receive(formOf(issued, bytes))));
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await digests()).toHaveLength(1);
    expect(driver.openStages).toBe(0);
  });
});

describe('the vendor’s name', () => {
  it('is asked for once by all who need it, and remembered for 47 hours', async () => {
    const found = await find(await upload());
    const other = await find(await upload(CAT, 'again.png'));
    const names = await Promise.all([found, found, other].map(({ upstreamName }) => upstreamName()));
    expect(new Set(names)).toEqual(new Set(['oss://vendor/1.png']));
    expect(vendor.taken).toMatchObject([
      {
        file: { model: MODEL, name: 'cat.png', mediaType: 'image/png', size: CAT.length },
        apiKey: 'sk-alice',
      },
    ]);
    expect(vendor.taken[0]?.bytes).toEqual(CAT);
    await clock.advance(47 * HOUR - 1);
    expect(await found.upstreamName()).toBe('oss://vendor/1.png');
    await clock.advance(1);
    expect(await found.upstreamName()).toBe('oss://vendor/2.png');
  });

  it('is another one for each account and each model', async () => {
    const url = await upload();
    for (const [account, model] of [
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
    ] as const) {
      await (await find(url, { ...CALLER, account }, model)).upstreamName();
      await (await find(url, { ...CALLER, account }, model)).upstreamName();
    }
    expect(vendor.taken).toHaveLength(3);
  });

  it('is not given when the vendor refuses, and asked for again then', async () => {
    const found = await find(await upload());
    const refusal = answer(403, { code: 'AccessDenied' });
    vendor.onUpload = () => ({ kind: 'refused', answer: refusal });
    await expect(found.upstreamName()).rejects.toMatchObject({ name: 'UpstreamRefusal', answer: refusal });
    vendor.onUpload = () => ({ kind: 'stored', url: 'oss://at/last' });
    expect(await found.upstreamName()).toBe('oss://at/last');
    expect(vendor.taken).toHaveLength(2);
  });

  it('is asked for again, with the whole file, when the vendor fails for a moment', async () => {
    const found = await find(await upload());
    const failures: (() => UploadAnswer)[] = [
      () => {
        throw new TransportError('reset', true);
      },
      () => ({ kind: 'failed', status: 504 }),
    ];
    vendor.onUpload = () => failures.shift()?.() ?? { kind: 'stored', url: 'oss://at/last' };
    const name = found.upstreamName();
    for (const waitMs of [250, 500]) {
      await clock.untilSleeping(2);
      await clock.advance(waitMs);
    }
    expect(await name).toBe('oss://at/last');
    expect(vendor.taken.map(({ bytes }) => digestOf(bytes))).toEqual(Array(3).fill(digestOf(CAT)));
    expect(reporter.of('retry')).toMatchObject([
      { model: MODEL, status: 0, waitMs: 250 },
      { status: 0, waitMs: 500 },
    ]);
    expect(clock.sleeping).toBe(0);
  });

  it.each<[string, () => UploadAnswer | Promise<never>, number, object]>([
    [
      'unreachable',
      () => Promise.reject(new TransportError('no', false)),
      3,
      { code: 'upstream_unreachable' },
    ],
    ['503 of its storage', () => ({ kind: 'failed', status: 503 }), 3, { code: 'upstream_invalid' }],
    ['403 of its storage', () => ({ kind: 'failed', status: 403 }), 1, { code: 'upstream_invalid' }],
    ['429', () => ({ kind: 'refused', answer: answer(429, {}) }), 4, { name: 'UpstreamRefusal' }],
    ['500', () => ({ kind: 'refused', answer: answer(500, {}) }), 3, { name: 'UpstreamRefusal' }],
    ['overdue', () => ({ kind: 'refused', answer: answer(429, { code: 'PrepaidBillOverdue' }) }), 1, {}],
    ['401', () => ({ kind: 'refused', answer: answer(401, {}) }), 1, { name: 'UpstreamRefusal' }],
  ])('is given up at the bound: %s', async (_, onUpload, attempts, error) => {
    vendor.onUpload = onUpload;
    const given = expect((await find(await upload())).upstreamName()).rejects.toMatchObject(error);
    if (attempts > 1) {
      await clock.untilSleeping(2);
      await clock.advance(10_000);
    }
    await given;
    expect(vendor.taken).toHaveLength(attempts);
  });

  it('is asked for no longer than its deadline, however the vendor fails', async () => {
    vendor.onUpload = () => ({ kind: 'refused', answer: answer(429, {}, [['retry-after', '29']]) });
    const given = expect((await find(await upload())).upstreamName()).rejects.toMatchObject({
      name: 'UpstreamRefusal',
    });
    await clock.untilSleeping(2);
    await clock.advance(29_000);
    await given;
    expect(vendor.taken).toHaveLength(2);
  });

  it('is not waited for longer than two minutes', async () => {
    const found = await find(await upload());
    vendor.upload = (_file, _key, signal?: AbortSignal) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const waiting = expect(found.upstreamName()).rejects.toMatchObject({ code: 'upstream_timeout' });
    await clock.untilSleeping(1);
    await clock.advance(120_000);
    await waiting;
  });

  it('never stands for other bytes than those that were hashed', async () => {
    const found = await find(await upload());
    const stage = await driver.stage();
    await stage.write(png(40, 30, () => 9));
    await stage.commit(digestOf(CAT), png(40, 30, () => 9).length);
    await expect(found.upstreamName()).rejects.toMatchObject(unknown);
    await driver.delete(digestOf(CAT));
    await expect(found.upstreamName()).rejects.toMatchObject(unknown);
    expect(vendor.taken).toEqual([]);
  });
});

describe('the collector', () => {
  it('drops names after 48 hours, and bytes with their last name', async () => {
    const first = await upload();
    await clock.advance(HOUR);
    const second = await upload(CAT, 'second.png');
    await clock.advance(47 * HOUR - 1);
    expect(await find(first)).toBeDefined();
    await clock.advance(1);
    await expect(find(first)).rejects.toMatchObject(unknown);
    await garbageCollector.runOnce();
    expect(await digests()).toEqual([digestOf(CAT)]);
    expect(await find(second)).toMatchObject({ digest: digestOf(CAT), isImage: true });
    await clock.advance(HOUR);
    await garbageCollector.runOnce();
    expect(await digests()).toEqual([]);
  });

  it('goes through more than one batch', async () => {
    for (let index = 0; index < 101; index += 1) await upload(Buffer.from(String(index)), `${index}.txt`);
    await clock.advance(48 * HOUR);
    await garbageCollector.runOnce();
    expect(await digests()).toEqual([]);
    expect(await database.all({ sql: 'select name from uploads', params: [] })).toEqual([]);
  });

  it('sweeps bytes without a name once they are an hour old', async () => {
    await upload();
    const stage = await driver.stage();
    await stage.write(Buffer.from('orphan'));
    await stage.commit(digestOf(Buffer.from('orphan')), 6);
    await garbageCollector.sweepOrphans();
    expect(await digests()).toHaveLength(2);
    await clock.advance(HOUR);
    await garbageCollector.sweepOrphans();
    expect(await digests()).toEqual([digestOf(CAT)]);
  });
});

describe('the cost of a statement does not grow with the number of uploads', () => {
  const key = { site: '', account: '', model: '', digest: '' };
  it.each<[string, SqlStatement]>([
    ['find', uploadStatements.find('')],
    ['findByDigest', uploadStatements.findByDigest('')],
    ['dropExpired', uploadStatements.dropExpired(1, 1)],
    ['findUpstream', uploadStatements.findUpstream(key, 1)],
    ['dropExpiredUpstream', uploadStatements.dropExpiredUpstream(1)],
  ])('%s goes by an index', async (_, { sql, params }) => {
    const rows = await database.all({ sql: `explain query plan ${sql}`, params });
    const plan = rows.map(({ detail }) => String(detail)).join('\n');
    expect(plan).toContain('USING');
    expect(plan).not.toMatch(/^SCAN/m);
  });
});
