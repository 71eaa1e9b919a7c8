import { describe, expect, test } from 'vitest';
import { field, firstImageUrl, post, recipe, startTestSimulator } from '../support.ts';

const script = (origin: string, fault: unknown) =>
  fetch(`${origin}/simulator/faults`, { method: 'POST', body: JSON.stringify(fault) });

describe('control', () => {
  test('recent requests show what was sent, to the API and to the bucket', async () => {
    const { origin, control } = await startTestSimulator();
    await fetch(await firstImageUrl(await post(origin, recipe({ seed: 3 }))));
    const [generation] = control.recent('generation');
    expect(JSON.parse(generation?.body ?? '')).toEqual(recipe({ seed: 3 }));
    expect(generation?.headers.authorization).toBe('Bearer sk-test');
    const [image] = control.recent('image');
    expect(image?.method).toBe('GET');
    expect(image?.path).toMatch(/^\/7d\/.*&Signature=/);
    expect(image?.headers.authorization).toBeUndefined();
    expect(control.recent()).toHaveLength(2);
  });

  test('a bounded number of requests is remembered', async () => {
    const { origin, control } = await startTestSimulator();
    for (let call = 0; call < 105; call++) {
      await post(origin, recipe({ call }), { key: 'sk-invalid' });
    }
    expect(control.recent()).toHaveLength(100);
    expect(control.recent()[0]?.body).toContain('"call":5');
    expect(control.counters()).toMatchObject({ asked: 105, accepted: 0 });
  });

  test('another process can script faults and read counters', async () => {
    const { origin } = await startTestSimulator();
    const scripted = await script(origin, {
      on: 'generation',
      effect: { kind: 'refuse', status: 503, retryAfter: '1' },
      times: 1,
    });
    expect(scripted.status).toBe(201);
    expect((await post(origin, recipe())).status).toBe(503);
    expect((await post(origin, recipe())).status).toBe(200);
    const counters: unknown = await (await fetch(`${origin}/simulator/counters`)).json();
    expect(counters).toMatchObject({ asked: 2, accepted: 1, billedImages: 1 });
    const recent: unknown = await (await fetch(`${origin}/simulator/requests?target=generation`)).json();
    expect(field(recent, 'requests')).toHaveLength(2);
  });

  test('another process can release what is held', async () => {
    const { origin, control } = await startTestSimulator();
    const scripted: unknown = await (
      await script(origin, { on: 'generation', effect: { kind: 'hold' } })
    ).json();
    const answer = post(origin, recipe());
    await control.waitFor('generation', 1);
    const listed: unknown = await (await fetch(`${origin}/simulator/faults`)).json();
    expect(field(listed, 'faults.0.spec.on')).toBe('generation');
    const path = `${origin}/simulator/faults/${field(scripted, 'id')}/release`;
    expect((await fetch(path, { method: 'POST' })).status).toBe(200);
    expect((await answer).status).toBe(200);
  });

  test('another process can call everything off', async () => {
    const { origin } = await startTestSimulator();
    await script(origin, { on: 'generation', effect: { kind: 'reset' } });
    await fetch(`${origin}/simulator/faults`, { method: 'DELETE' });
    expect((await post(origin, recipe())).status).toBe(200);
  });

  test.each([
    ['nothing', null],
    ['no target', { effect: { kind: 'reset' } }],
    ['no effect', { on: 'image' }],
    ['an unknown effect', { on: 'image', effect: { kind: 'explode' } }],
    ['a field of another effect', { on: 'image', effect: { kind: 'cut', status: 500 } }],
    ['a status that is no error', { on: 'image', effect: { kind: 'refuse', status: 200 } }],
    ['a redirect to nowhere', { on: 'image', effect: { kind: 'redirect' } }],
    ['an unknown answer', { on: 'generation', effect: { kind: 'answer', answer: 'maybe' } }],
    ['a misspelt field', { on: 'image', effect: { kind: 'cut' }, time: 2 }],
    ['no times at all', { on: 'image', effect: { kind: 'cut' }, times: 0 }],
  ])('a script with %s is refused with a reason', async (_, fault) => {
    const { origin, control } = await startTestSimulator();
    const response = await script(origin, fault);
    expect(response.status).toBe(400);
    expect(field(await response.json(), 'error')).toEqual(expect.any(String));
    control.clearFaults();
  });

  test('waiting ends when the last awaited request has arrived', async () => {
    const { origin, control } = await startTestSimulator();
    const three = control.waitFor('generation', 3);
    await Promise.all([post(origin, recipe()), post(origin, recipe()), post(origin, recipe())]);
    await three;
    await control.waitFor('generation', 2);
  });
});
