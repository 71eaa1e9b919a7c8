import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../../src/core/entries/entry.ts';
import { AppError } from '../../../src/core/errors.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import { Verifier } from '../../../src/services/maintenance/verifier.ts';
import { png } from '../../support/data/sample-images.ts';
import { createGate } from '../../support/fakes/gate.ts';
import { settle } from '../../support/fakes/manual-clock.ts';
import { response } from '../../support/fakes/scripted-transport.ts';
import { Machine, type StoreBench } from '../../support/servers/store-bench.ts';

const [CAT, DOG] = [png(10, 10), png(20, 20)];

let machine: Machine;
let bench: StoreBench;
beforeEach(async () => {
  machine = await Machine.open();
  bench = machine.start();
});
afterEach(() => machine.close());

describe('an entry whose bytes are gone', () => {
  it('is healed from where its picture came from', async () => {
    const entry = await bench.keep('pets', CAT, DOG);
    for (const { digest } of entry.images) await machine.driver.delete(digest);
    const later = machine.start();
    expect(await later.integrity.ensureWhole(entry)).toBe(true);
    expect(await machine.digests()).toEqual(entry.images.map(({ digest }) => digest));
    expect(later.reporter.of('healed').map(({ how }) => how)).toEqual(['fetched-again', 'fetched-again']);
  });

  it('is fetched once for all who ask at the same time', async () => {
    const entry = await bench.keep('cat', CAT);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    machine.transport.requests.length = 0;
    const later = machine.start();
    const asked = [1, 2, 3].map(() => later.integrity.ensureWhole(entry));
    expect(await Promise.all(asked)).toEqual([true, true, true]);
    expect(machine.transport.requests).toHaveLength(1);
  });

  it('answers no request any more when the picture is gone there too; what is left of it stays', async () => {
    const entry = await bench.keep('pets', CAT, DOG);
    const [cat = '', dog = ''] = entry.images.map(({ digest }) => digest);
    await machine.driver.delete(cat);
    machine.pictures.clear();
    const later = machine.start();
    expect(await later.integrity.ensureWhole(entry)).toBe(false);
    expect(await machine.digests()).toEqual([dog]);
    expect(await later.entries.findBlob(dog)).toBeDefined();
    expect(await later.entries.findNewest(entry)).toBeUndefined();
    expect(later.reporter.of('healed').map(({ how }) => how)).toEqual(['dropped']);
  });

  it('is deleted when nothing is left of it', async () => {
    const entry = await bench.keep('pets', CAT, DOG);
    for (const { digest } of entry.images) await machine.driver.delete(digest);
    machine.pictures.clear();
    const later = machine.start();
    expect(await later.integrity.ensureWhole(entry)).toBe(false);
    expect(await machine.rows('select sha256 from blobs union all select id from entries')).toEqual([]);
  });

  it('is dropped when the URL shows something else now', async () => {
    const entry = await bench.keep('cat', CAT);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    machine.pictures.set('https://results.example/cat-0.png', DOG);
    expect(await machine.start().integrity.ensureWhole(entry)).toBe(false);
    expect(await machine.digests()).toEqual([]);
    expect(machine.driver.openStages).toBe(0);
  });

  it('is not asked for at a URL that says it is over', async () => {
    const entry = await bench.keep('cat', CAT);
    const [image] = entry.images;
    await machine.driver.delete(image?.digest ?? '');
    machine.transport.requests.length = 0;
    const seconds = Math.floor(machine.clock.now() / 1000);
    await machine.rows(`update images set source_url = 'https://x.example/?Expires=${seconds}' returning 1`);
    expect(await machine.start().integrity.ensureWhole(entry)).toBe(false);
    expect(machine.transport.requests).toEqual([]);
  });

  it('is dropped once, whoever asks', async () => {
    const entry = await bench.keep('cat', CAT);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    machine.pictures.clear();
    const later = machine.start();
    const asked = [1, 2].map(() => later.integrity.ensureWhole(entry));
    await machine.clock.advance(10_000);
    expect(await Promise.all(asked)).toEqual([false, false]);
    expect(later.reporter.of('healed')).toHaveLength(1);
  });

  it('stays when its bytes came back while it waited to be dropped', async () => {
    const entry = await bench.keep('cat', CAT);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    machine.pictures.clear();
    const later = machine.start();
    const gate = createGate();
    const publishing = later.lock.shared([], () => gate.opened);
    const asked = later.integrity.ensureWhole(entry);
    await settle();
    // Meanwhile the flight that holds the lock publishes the very same picture, drawn for another recipe.
    const stage = await machine.driver.stage();
    await stage.write(CAT);
    await stage.commit(entry.images[0]?.digest ?? '', CAT.length);
    gate.open();
    await publishing;
    expect(await asked).toBe(true);
    expect(await later.entries.findNewest(entry)).toMatchObject({ id: entry.id });
  });

  it('is a miss and leaves no bytes when it was evicted while its picture was fetched', async () => {
    const entry = await bench.keep('cat', CAT);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    const later = machine.start();
    const gate = createGate();
    // An eviction has the lock while the picture comes in.
    const evicting = later.lock.exclusive([], async () => {
      await gate.opened;
      await later.entries.delete([entry.id]);
    });
    const asked = later.integrity.ensureWhole(entry);
    await settle();
    gate.open();
    await evicting;
    expect(await asked).toBe(false);
    expect(await machine.digests()).toEqual([]);
    expect(machine.driver.openStages).toBe(0);
  });

  it('stays when the disk is full: its picture may be fetched again later', async () => {
    const entry = await bench.keep('cat', CAT);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    const later = machine.start();
    later.faults.fail('stage.commit', new AppError('storage_full', 'full'));
    expect(await later.integrity.ensureWhole(entry)).toBe(false);
    expect(later.reporter.of('failure')).toMatchObject([{ where: 'healing' }]);
    expect(await later.entries.findNewest(entry)).toMatchObject({ id: entry.id });
    later.faults.heal('stage.commit');
    expect(await later.integrity.ensureWhole(entry)).toBe(true);
  });
});

describe('absence is no proof of loss: nothing goes', () => {
  /** An entry without its bytes, and a process that looks for them. */
  async function lose(): Promise<{ readonly entry: Entry; readonly later: StoreBench }> {
    const entry = await bench.keep('pets', CAT, DOG);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    return { entry, later: machine.start() };
  }

  async function expectKept({ entries }: StoreBench, entry: Entry): Promise<void> {
    expect(await entries.findNewest(entry)).toMatchObject({ id: entry.id });
    expect(await machine.rows('select sha256 from blobs')).toHaveLength(2);
    expect(await machine.digests()).toContain(entry.images[1]?.digest);
  }

  it.each([500, 502, 503, 429, 302])('when the source answers %i', async (status) => {
    const { entry, later } = await lose();
    machine.transport.reply = () => response(status, 'not now');
    expect(await later.integrity.ensureWhole(entry)).toBe(false);
    await expectKept(later, entry);
  });

  it('when the source shows a page instead of an image', async () => {
    const { entry, later } = await lose();
    machine.transport.reply = () => response(200, '<html>Sign in to this network</html>');
    expect(await later.integrity.ensureWhole(entry)).toBe(false);
    await expectKept(later, entry);
  });

  it('when the network is away, or hangs', async () => {
    const { entry, later } = await lose();
    machine.transport.reply = () => {
      throw new TransportError('no route to host', false);
    };
    expect(await later.integrity.ensureWhole(entry)).toBe(false);
    machine.transport.reply = ({ signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const asked = later.integrity.ensureWhole(entry);
    await machine.clock.advance(10_000);
    expect(await asked).toBe(false);
    await expectKept(later, entry);
  });

  it.each(['driver.size', 'driver.read', 'driver.check'])('when the store fails (%s)', async (call) => {
    const { entry, later } = await lose();
    machine.pictures.clear();
    later.faults.fail(call, new AppError('storage_failed', 'not mounted'));
    expect(await later.integrity.ensureWhole(entry)).toBe(false);
    expect(later.reporter.of('failure')).toHaveLength(1);
    later.faults.heal(call);
    await expectKept(later, entry);
  });

  it('and verifying the whole store says damaged, and drops nothing', async () => {
    const { entry, later } = await lose();
    await machine.rows('update entries set pinned = 1 returning 1');
    machine.transport.reply = () => {
      throw new TransportError('no route to host', false);
    };
    const verifier = new Verifier(later);
    expect(await verifier.run()).toEqual({ checked: 2, damaged: 1, healed: 0, dropped: 0 });
    expect(await later.entries.findNewest(entry)).toMatchObject({ id: entry.id });
  });

  it('while another entry knows a source that lives, that one is asked too', async () => {
    const { entry, later } = await lose();
    machine.pictures.delete('https://results.example/pets-0.png');
    await bench.keep('other', CAT);
    await machine.driver.delete(entry.images[0]?.digest ?? '');
    expect(await later.integrity.ensureWhole(entry)).toBe(true);
  });
});
