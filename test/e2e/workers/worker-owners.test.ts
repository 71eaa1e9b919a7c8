import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readEvents } from '../../support/clients/event-stream.ts';
import { ADMIN_TOKEN } from '../../support/servers/runtimes.ts';
import { API_KEY, body, imageUrls } from '../../support/servers/stack.ts';
import { WorkerStack } from '../../support/servers/worker-stack.ts';

const SMALL = { size: '512*512' };
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };

describe('Workers that share a store', () => {
  let stack: WorkerStack;

  beforeAll(async () => {
    stack = await WorkerStack.start({ DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN });
  });
  afterAll(() => stack.close());

  const admin = (method: string, path: string, value?: unknown) =>
    stack.request(method, `/admin/api/${path}`, {
      headers: ADMIN,
      ...(value === undefined ? {} : { body: JSON.stringify(value) }),
    });

  it('an owner does not give out what was taken away elsewhere', async () => {
    const wish = body('taken away', SMALL);
    await stack.generate(wish);
    await stack.run('update entries set created_at = created_at - 60000');
    // The owner looks for what is there, finds it too old, and gets nothing newer.
    stack.simulator.control.fault({
      on: 'generation',
      effect: { kind: 'refuse', status: 400, code: 'InvalidParameter', message: 'no' },
    });
    const refused = await stack.generate(wish, { 'cache-control': 'max-age=1' });
    expect(refused.status).toBe(400);
    const { json } = await admin('GET', 'entries?q=taken');
    expect((await admin('POST', `entries/${json.entries[0].key}/invalidate`)).status).toBe(200);
    const again = await stack.generate(wish);
    expect([again.status, again.headers.get('x-cache')]).toEqual([200, 'MISS']);
  });

  it('counts what it tells of in events', async () => {
    for (const _ of ['miss', 'hit']) {
      const response = await fetch(`${stack.origin}/v1/image.generate`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${API_KEY}`,
          'content-type': 'application/json',
          accept: 'text/event-stream',
        },
        body: JSON.stringify({ prompt: 'told', size: '1664*928', model: 'qwen-image' }),
      });
      const events = [];
      for await (const event of readEvents(response)) events.push(event.event);
      expect(events.at(-1)).toBe('done');
    }
    // Counted behind the answer.
    const counted = async () => {
      const { json } = await admin('GET', 'ledger?group=model');
      return json.rows.filter(({ model }: { model: string }) => model === 'qwen-image');
    };
    await expect.poll(counted).toMatchObject([{ misses: 1, hits: 1 }]);
  });

  it('answers who sends a large body without a key', async () => {
    const refused = await stack.generate(body('x'.repeat(8_000_000)), { authorization: '' });
    expect(refused.status).toBe(401);
  });

  it('does the daily round although another is going on', async () => {
    const { control } = stack.simulator;
    const hold = () => control.fault({ on: 'image', effect: { kind: 'hold' } });
    const asked = () => control.counters().images;
    const lost = hold();
    const drawing = stack.generate(body('left', SMALL)).catch(() => undefined);
    await control.waitFor('image', asked() + 1);
    await stack.restart();
    await drawing;
    lost.release();
    await stack.run("update purchases set updated_at = updated_at - 3600000 where state = 'answered'");
    await stack.run(
      `insert into ledger values
        (3600000, 'simulator', 'old', 's', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`,
    );
    const held = hold();
    const round = stack.tend();
    await control.waitFor('image', asked() + 1);
    const daily = stack.tend('17 3 * * *');
    held.release();
    await Promise.all([round, daily]);
    const database = await stack.worker.getD1Database('DB');
    const { results } = await database.prepare("select at from ledger where model = 'old'").all();
    expect(results).toEqual([{ at: 0 }]);
  });
});

describe('what settings say', () => {
  let stack: WorkerStack;

  beforeAll(async () => {
    stack = await WorkerStack.start({
      DASHCACHE_GENERATION_TIMEOUT: '1800s',
      DASHCACHE_SEEDLESS: 'takes:3',
      DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN,
    });
  });
  afterAll(() => stack.close());

  it('a flight that may last longer than others is not given up before', async () => {
    await stack.generate(body('patient', SMALL));
    const begun = (id: string, minutesAgo: number) => {
      const at = Date.now() - minutesAgo * 60_000;
      return stack.run(
        `insert into purchases (id, site, scope, key, model, state, account, created_at, updated_at)
          select '${id}', site, scope, key, model, 'sent', account, ${at}, ${at} from purchases limit 1`,
      );
    };
    await begun('alive', 60);
    await begun('dead', 120);
    await stack.tend();
    const database = await stack.worker.getD1Database('DB');
    const states = async () =>
      (
        await database
          .prepare("select id, state from purchases where id in ('alive', 'dead') order by id")
          .all()
      ).results;
    await expect.poll(states).toEqual([
      { id: 'alive', state: 'sent' },
      { id: 'dead', state: 'unknown' },
    ]);
  });

  it('takes are given out in turn', async () => {
    const wish = body('in turn', SMALL);
    const ask = (headers: Record<string, string> = {}) => stack.generate(wish, headers);
    const first = await ask();
    const second = await ask({ 'x-dashcache-take': '2' });
    const third = await ask({ 'x-dashcache-take': '3' });
    const database = await stack.worker.getD1Database('DB');
    const hits = async () =>
      (await database.prepare("select sum(hits) as n from entries where prompt = 'in turn'").first())?.n;
    const turns = [];
    for (let turn = 1; turn <= 4; turn += 1) {
      turns.push(imageUrls(await ask()));
      // A use counts behind the answer.
      await expect.poll(hits).toBe(turn);
    }
    expect(turns).toEqual([first, second, third, first].map(imageUrls));
  });
});

describe('a request whose owner fails', () => {
  it('is told so in its own dialect', async () => {
    const stack = await WorkerStack.start({ DASHCACHE_ADMIN_TOKEN: ADMIN_TOKEN });
    onTestFinished(() => stack.close());
    await stack.breakOwners();
    const answer = await stack.generate(body('no owner', SMALL));
    expect([answer.status, answer.json.code]).toEqual([424, 'OutcomeUnknown']);
  });
});
