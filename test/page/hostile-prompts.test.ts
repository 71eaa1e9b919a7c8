import { expect, it } from 'vitest';
import { accessibilityFaults, draw, openGallery, promptsOn } from '../support/clients/admin-page.ts';
import { useBrowser } from '../support/clients/browser.ts';
import { startStack } from '../support/servers/start-stack.ts';

const open = useBrowser();

const HOSTILE = [
  '<script>document.title = "owned"</script>',
  '"><img src=x onerror="document.title = \'owned\'">',
  "' autofocus onfocus='document.title = 1' <svg/onload=alert(1)>",
  '</bdi></span></a><iframe srcdoc="<script>parent.document.title=1</script>">',
  'javascript:alert(1) &lt;b&gt; {{7*7}} %{7*7}',
  '\u202eمرحبا\u202c \u2067reversed\u2066 \u200f',
] as const;

/** What a page would have if any of it had become markup. */
const MARKUP =
  'main script, main iframe, main svg, main [onerror], main [onload], main [onfocus], main img[src="x"]';

it('what people write in prompts and tags is text wherever it is shown', async () => {
  const stack = await startStack({ DASHSCOPE_API_KEY: 'sk-server' });
  await draw(stack, ...HOSTILE);
  const { page, complaints } = await open();
  const looksFine = async (title: string) => {
    expect(await page.locator(MARKUP).count()).toBe(0);
    expect(await page.title()).toBe(`${title} · dashcache`);
  };
  await openGallery(page, stack);
  expect(await promptsOn(page)).toEqual([...HOSTILE].reverse());
  await looksFine('Gallery');
  for (const [index, prompt] of [...HOSTILE].reverse().entries()) {
    await openGallery(page, stack);
    await page.locator('.card a').nth(index).click();
    const shown = page.getByRole('group', { name: 'Prompt' });
    expect(await shown.textContent()).toBe(prompt);
    // A direction that somebody turns around ends with his words.
    const style = 'getComputedStyle(document.querySelector(".fullprompt bdi")).unicodeBidi';
    expect(await page.evaluate(style)).toMatch(/isolate/);
    await looksFine('Entry');
  }
  await page.getByLabel('New tag').fill('<img src=x onerror=alert(1)>');
  await page.getByLabel('New tag').press('Enter');
  await page.getByText('Tags are kept.').waitFor();
  await looksFine('Entry');
  await openGallery(page, stack, '?q=onerror');
  await page.getByRole('button', { name: 'Delete all of these…' }).click();
  await page.getByRole('button', { name: /^Delete \d/ }).waitFor();
  await looksFine('Gallery');
  await page.goto(`${stack.origin}/admin/explain`);
  await page
    .getByLabel('Request body')
    .fill(JSON.stringify({ prompt: HOSTILE[1], size: '512*512', seed: 99, style: HOSTILE[0] }));
  await page.getByLabel('Scope').fill('shared');
  await page.getByRole('button', { name: 'Explain' }).click();
  await page.locator('#explanation h2').waitFor();
  await looksFine('Explain');
  expect(complaints).toEqual([]);
});

it('ten thousand characters break no page', async () => {
  const stack = await startStack();
  await draw(stack, 'x'.repeat(10_000), '漂'.repeat(10_000), 'a b '.repeat(2_500));
  for (const width of [390, 1280]) {
    const { page } = await open({ viewport: { width, height: 800 } });
    await openGallery(page, stack);
    const fits = () => page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
    expect([width, await fits()]).toEqual([width, true]);
    for (const prompt of await promptsOn(page)) expect(prompt.length).toBeLessThan(200);
    const highest = 'Math.max(...[...document.querySelectorAll(".card")].map((card) => card.offsetHeight))';
    expect(await page.evaluate(highest)).toBeLessThan(600);
    await page.locator('.card a').first().click();
    const shown = page.getByRole('group', { name: 'Prompt' });
    expect((await shown.textContent())?.length).toBe(10_000);
    expect((await shown.boundingBox())?.height ?? 0).toBeLessThan(300);
    expect([width, await fits()]).toEqual([width, true]);
    expect(await accessibilityFaults(page)).toEqual([]);
  }
});
