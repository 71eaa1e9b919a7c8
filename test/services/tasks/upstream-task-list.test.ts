import { beforeEach, describe, expect, it } from 'vitest';
import type { UpstreamAnswer } from '../../../src/ports/image-upstream.ts';
import { TransportError } from '../../../src/ports/transport.ts';
import {
  type UpstreamListRequest,
  UpstreamTaskList,
} from '../../../src/services/tasks/upstream-task-list.ts';
import { answer } from '../../support/fakes/fake-upstream.ts';
import { ManualClock } from '../../support/fakes/manual-clock.ts';

const idOf = (index: number) => `task-${index}`;
let clock: ManualClock;
let asked: URLSearchParams[];
beforeEach(() => {
  clock = new ManualClock();
  asked = [];
});

/** A vendor with so many tasks, who gives no more than `mostPerPage` at once. */
function vendorWith(count: number, mostPerPage = 100) {
  return (query: URLSearchParams): UpstreamAnswer => {
    const size = Math.min(mostPerPage, Number(query.get('page_size')));
    const from = (Number(query.get('page_no')) - 1) * size;
    const length = Math.max(0, Math.min(size, count - from));
    const data = Array.from({ length }, (_, index) => ({ task_id: idOf(from + index) }));
    return answer(200, { total: count, data });
  };
}

async function read(
  vendor: (query: URLSearchParams) => UpstreamAnswer | Promise<UpstreamAnswer>,
  more: Partial<UpstreamListRequest> = {},
) {
  const upstream = {
    list: async (text: string) => {
      const query = new URLSearchParams(text);
      asked.push(query);
      return await vendor(query);
    },
  };
  const reading = new UpstreamTaskList({ upstream, clock }).read({
    query: new URLSearchParams('page_no=7&page_size=9&status=RUNNING'),
    apiKey: 'sk',
    account: 'a',
    via: [],
    wanted: 10,
    hidden: new Set(),
    ...more,
  });
  const settled = reading.then(
    () => undefined,
    () => undefined,
  );
  await clock.advance(29_000);
  await settled;
  return await reading;
}

const lengthOf = (list: Awaited<ReturnType<typeof read>>) =>
  list.kind === 'list' ? [list.tasks.length, list.total] : 'refused';

describe('the vendor’s list', () => {
  it('is asked for with the client’s filters, a hundred at a time', async () => {
    expect(lengthOf(await read(vendorWith(1234)))).toEqual([1234, 1234]);
    expect(asked.map((query) => query.get('page_size'))).toEqual(Array(13).fill('100'));
    expect(asked.map((query) => query.get('page_no'))).toEqual(asked.map((_, index) => String(index + 1)));
    expect(asked.every((query) => query.get('status') === 'RUNNING')).toBe(true);
  });

  it('is asked for once where one page is all', async () => {
    expect(lengthOf(await read(vendorWith(100)))).toEqual([100, 100]);
    expect(lengthOf(await read(vendorWith(0)))).toEqual([0, 0]);
    expect(asked).toHaveLength(2);
  });

  it('has none of those that are left out, and does not count them, wherever they stand', async () => {
    const hidden = new Set([idOf(0), idOf(150), idOf(1199), 'task-elsewhere']);
    expect(lengthOf(await read(vendorWith(1200), { hidden }))).toEqual([1197, 1197]);
  });

  it('comes whole from a vendor with smaller pages', async () => {
    expect(lengthOf(await read(vendorWith(35, 10)))).toEqual([35, 35]);
  });

  it('is read as far as is wanted, of very many', async () => {
    expect(lengthOf(await read(vendorWith(50_000)))).toEqual([2000, 50_000]);
    expect(lengthOf(await read(vendorWith(50_000), { wanted: 2950 }))).toEqual([3000, 50_000]);
    await expect(read(vendorWith(50_000), { wanted: 20_000 })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(asked).toHaveLength(20 + 30 + 100);
  });

  it('ends with a vendor who gives the same page again and again', async () => {
    const page = answer(200, { total: 1e9, data: [{ task_id: 'x' }] });
    expect(lengthOf(await read(() => page))).toEqual([1, 1]);
  });

  it('is five pages a second at most', async () => {
    const times: number[] = [];
    const vendor = vendorWith(1500);
    await read((query) => {
      times.push(clock.now());
      return vendor(query);
    });
    expect(times.every((time, index) => index < 5 || time - (times[index - 5] ?? 0) >= 1000)).toBe(true);
  });

  it('is the refusal where a page is refused', async () => {
    const refusal = answer(429, { code: 'Throttling' });
    const vendor = vendorWith(500);
    const list = await read((query) => (query.get('page_no') === '3' ? refusal : vendor(query)));
    expect(list).toEqual({ kind: 'refused', answer: refusal });
  });

  it.each<[string, () => Promise<UpstreamAnswer>, string]>([
    ['is unreachable', () => Promise.reject(new TransportError('no', false)), 'upstream_unreachable'],
    ['sends no JSON', async () => ({ ...answer(200, {}), body: new Uint8Array([60]) }), 'upstream_invalid'],
  ])('of a vendor who %s is an error', async (_, vendor, code) => {
    await expect(read(vendor)).rejects.toMatchObject({ code });
  });
});
