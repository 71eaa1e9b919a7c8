import { describe, expect, it } from 'vitest';
import { accessibilityFaults, draw, openGallery } from '../support/clients/admin-page.ts';
import { useBrowser } from '../support/clients/browser.ts';
import { inOneHour } from '../support/in-one-hour.ts';
import { body } from '../support/servers/stack.ts';
import { SMALL, startStack } from '../support/servers/start-stack.ts';

const open = useBrowser();
const SERVER_KEY = { DASHSCOPE_API_KEY: 'sk-server' };

describe('explain', () => {
  it('says what would become of a request, and what the nearest entries differ in', async () => {
    const stack = await startStack(SERVER_KEY);
    await stack.generate(body('a paper boat', { ...SMALL, seed: 7 }), { authorization: '' });
    const { page, complaints } = await open();
    await page.goto(`${stack.origin}/admin/explain`);
    await page
      .getByLabel('Request body')
      .fill(JSON.stringify({ prompt: 'a paper boat', size: '512*512', seed: 8 }));
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('status').getByText('A miss: it is bought and stored.').waitFor();
    expect(
      await page.getByRole('table', { name: 'What differs' }).getByRole('row').allTextContents(),
    ).toContain('parameters.seed87');
    expect(await accessibilityFaults(page)).toEqual([]);

    await page.getByLabel('Cache-Control').fill('no-cache');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('status').getByText('whatever is stored').waitFor();
    await page.getByLabel('Cache-Control').fill('');

    await page.getByLabel('Request body').fill(JSON.stringify(body('a paper boat', { ...SMALL, seed: 7 })));
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('status').getByText('A hit').waitFor();
    await page.getByRole('link', { name: 'take 1' }).click();
    await page.getByRole('heading', { name: 'Take 1' }).waitFor();
    expect(complaints).toEqual([]);
    expect(stack.asked).toBe(1);
  });

  it('asks whose entries are meant where that is open', async () => {
    const stack = await startStack();
    await stack.generate(body('a paper boat', { ...SMALL, seed: 7 }));
    const { page } = await open();
    await page.goto(`${stack.origin}/admin/explain`);
    await page.getByLabel('Request body').fill(JSON.stringify(body('a paper boat', { ...SMALL, seed: 7 })));
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('alert').filter({ hasText: 'scope' }).waitFor();
    const scope = await page.locator('#scopes option').getAttribute('value');
    await page.getByLabel('Scope').fill(String(scope));
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('status').getByText('A hit').waitFor();
  });

  it('says what is wrong with the request, without leading away', async () => {
    const stack = await startStack();
    const { page } = await open();
    await page.goto(`${stack.origin}/admin/explain`);
    await page.getByLabel('Request body').fill('{"prompt":');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('alert').filter({ hasText: 'scope' }).waitFor();
    await page.getByLabel('Scope').fill('shared');
    await page.getByRole('button', { name: 'Explain' }).click();
    await page.getByRole('alert').filter({ hasText: 'JSON' }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/admin/explain');
  });
});

describe('flights', () => {
  it('come and go on the page as they do in the air', async () => {
    const stack = await startStack();
    const { control } = stack.simulator;
    const { page, complaints } = await open();
    await page.goto(`${stack.origin}/admin/flights`);
    await page.getByText('Live: 0 flights').waitFor();
    control.fault({ on: 'generation', effect: { kind: 'hold' } });
    const both = [1, 2].map(() => stack.generate(body('a paper boat', SMALL)));
    await page.getByText('Live: 1 flight,').waitFor();
    const row = page.getByRole('table', { name: 'Flights' }).getByRole('row').nth(1);
    await expect.poll(() => row.textContent()).toMatch(/^qwen-image-maxrunningsent2/);
    expect(await accessibilityFaults(page)).toEqual([]);
    control.clearFaults();
    await Promise.all(both);
    await page.getByText('Live: 0 flights').waitFor();
    expect(complaints).toEqual([]);
  });

  it('that ended nobody knows how are listed', async () => {
    const stack = await startStack();
    stack.simulator.control.fault({ on: 'generation', effect: { kind: 'reset' } });
    await stack.generate(body('a paper boat', SMALL));
    const { page } = await open();
    await page.goto(`${stack.origin}/admin/flights`);
    await page.getByRole('table', { name: 'Unknown outcomes' }).getByText('qwen-image-max').waitFor();
  });
});

describe('figures', () => {
  it('show what is stored, what was asked and what it cost, as plots and as tables', () =>
    inOneHour(async () => {
      const stack = await startStack();
      await draw(stack, 'a paper boat', 'a tram in fog');
      for (let hit = 0; hit < 6; hit += 1) await draw(stack, 'a paper boat');
      const { page, complaints } = await open();
      await page.goto(`${stack.origin}/admin/figures`);
      await page.getByRole('heading', { name: 'Money, CNY' }).waitFor();
      expect(await page.locator('.tile').allTextContents()).toEqual([
        'Entries2',
        'Images2',
        expect.stringMatching(/^Bytes\d/),
        'Spent1.00 CNY',
        'Avoided3.00 CNY',
      ]);
      for (const [plot, last] of [
        ['Hit rate', '75 %'],
        ['Requests', '60200'],
        ['Money, CNY', '3.00 CNY1.00 CNY'],
      ] as const) {
        await page.getByRole('img', { name: plot }).waitFor();
        await page.getByText(`${plot} as a table`).click();
        const rows = page.getByRole('table', { name: plot }).getByRole('row');
        expect(await rows.count()).toBe(25);
        // Of the hours of a day only this one has seen anything.
        expect((await rows.allTextContents()).filter((row) => row.endsWith(last))).toHaveLength(1);
      }
      expect(await accessibilityFaults(page)).toEqual([]);
      await page.getByLabel('Period').selectOption('a year');
      await expect.poll(() => page.locator('.chart').first().locator('tbody tr').count()).toBe(365);
      expect(complaints).toEqual([]);
    }));

  it('say what had no price, and pile up what requests came to', () =>
    inOneHour(async () => {
      const stack = await startStack();
      await draw(stack, 'a paper boat', 'a paper boat');
      const unpriced = body('a paper boat', { size: '1280*1280' }, 'wan2.6-t2i');
      for (let turn = 0; turn < 3; turn += 1) expect((await stack.generate(unpriced)).status).toBe(200);
      const { page } = await open();
      await page.goto(`${stack.origin}/admin/figures`);
      await page
        .getByText('Without a known price, and in none of these sums: 1 purchase, and 2 that were avoided.')
        .waitFor();
      const bars = page.getByRole('img', { name: 'Requests' }).locator('rect');
      expect(await bars.count()).toBe(2);
      const [hits, misses] = await Promise.all(
        [0, 1].map(async (bar) => {
          const read = async (name: string) => Number(await bars.nth(bar).getAttribute(name));
          return { x: await read('x'), top: await read('y'), height: await read('height') };
        }),
      );
      expect(misses?.x).toBe(hits?.x);
      expect(Number(misses?.top) + Number(misses?.height)).toBeCloseTo(Number(hits?.top));
    }));

  it('verify and collect on demand, and say what came of it', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat');
    const { page } = await open();
    await page.goto(`${stack.origin}/admin/figures`);
    await page.getByRole('button', { name: 'Verify all images' }).click();
    await page.getByText('1 image read; 0 damaged').waitFor();
    await page.getByRole('button', { name: 'Collect what is beyond the bounds' }).click();
    await page.getByText('0 entries with 0 images gone').waitFor();
  });
});

describe('by the keyboard alone', () => {
  it('one searches, opens an entry, looks at its recipe, and goes on to another page', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', 'a tram in fog');
    const { page } = await open();
    await openGallery(page, stack);
    const { keyboard } = page;
    const focused = () =>
      page.evaluate('document.activeElement.textContent.trim() || document.activeElement.id');
    const tabTo = async (wanted: RegExp) => {
      for (let step = 0; step < 40; step += 1) {
        await keyboard.press('Tab');
        if (wanted.test(String(await focused()))) return;
      }
      throw new Error(`the keyboard does not come to ${wanted}`);
    };
    await keyboard.press('/');
    expect(await focused()).toBe('q');
    await keyboard.type('boat');
    await expect.poll(() => page.locator('.card').count()).toBe(1);
    await tabTo(/^a paper boat$/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Take 1' }).waitFor();
    await tabTo(/^Recipe/);
    await keyboard.press('Enter');
    await page.getByText('"prompt": "a paper boat"').waitFor();
    await tabTo(/^Delete…$/);
    await keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await focused()).toBe('Delete…');
    await page.goto(`${stack.origin}/admin`);
    await keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await keyboard.press('Enter');
    expect(await focused()).toContain('Gallery');
    await page.goto(`${stack.origin}/admin`);
    await tabTo(/^Flights$/);
    await keyboard.press('Enter');
    await page.getByRole('heading', { name: 'In the air' }).waitFor();
  });
});
