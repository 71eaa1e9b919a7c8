import { describe, expect, it } from 'vitest';
import { admin } from '../support/clients/admin.ts';
import { accessibilityFaults, draw, openGallery } from '../support/clients/admin-page.ts';
import { dataUri, edit } from '../support/clients/assets.ts';
import { useBrowser } from '../support/clients/browser.ts';
import { body, bytesAt, imageUrls } from '../support/servers/stack.ts';
import { SMALL, startStack } from '../support/servers/start-stack.ts';

const open = useBrowser();

describe('an entry’s page', () => {
  it('shows its takes with what is known of them, and the pictures in full', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat');
    await stack.generate(body('a paper boat', { ...SMALL, seed: 0 }), { 'cache-control': 'no-cache' });
    const { page, complaints } = await open();
    await openGallery(page, stack);
    await page.getByRole('link', { name: 'a paper boat' }).first().click();
    await page.getByRole('heading', { name: 'Take 1' }).waitFor();
    await page.getByRole('heading', { name: 'Take 2' }).waitFor();
    const take = page.getByRole('article', { name: 'Take 1' });
    for (const fact of ['qwen-image-max', '512*512', '0.50 CNY', 'simulator']) {
      await take.getByText(fact, { exact: true }).first().waitFor();
    }
    const picture = take.getByRole('img', { name: 'The image' });
    await expect
      .poll(() => picture.evaluate((image: { naturalWidth: number }) => image.naturalWidth))
      .toBe(512);
    await take.getByText('Recipe (canonical form)').click();
    await take.getByText('"prompt": "a paper boat"').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('link', { name: 'Compare with take 2' }).click();
    await page.getByText('they are takes of one recipe').waitFor();
    expect(complaints).toEqual([]);
  });

  it('pins, tags, invalidates and deletes, each of which stays done', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat');
    const { page, complaints } = await open();
    await openGallery(page, stack);
    await page.getByRole('link', { name: 'a paper boat' }).click();
    await page.getByRole('button', { name: 'Pin', exact: true }).click();
    await page.getByText('Is never evicted.').waitFor();
    await page.getByLabel('New tag').fill('boats & <b>ships</b>');
    await page.getByLabel('New tag').press('Enter');
    await page.getByText('Tags are kept.').waitFor();
    await page.getByLabel('New tag').fill('draft');
    await page.getByRole('button', { name: 'Add tag' }).click();
    await page.getByRole('button', { name: 'Remove tag draft' }).waitFor();
    await page.getByRole('button', { name: 'Remove tag draft' }).click();
    await page.getByRole('button', { name: 'Remove tag draft' }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Invalidate' }).click();
    await page.getByText('The next request buys a fresh one.').waitFor();

    await page.reload();
    await page.getByRole('button', { name: 'Unpin' }).waitFor();
    expect(await page.getByRole('list', { name: 'Tags' }).getByRole('listitem').allTextContents()).toEqual([
      expect.stringContaining('boats & <b>ships</b>'),
    ]);
    const asked = stack.asked;
    await draw(stack, 'a paper boat');
    expect(stack.asked).toBe(asked + 1);

    await page.reload();
    const old = page.getByRole('article', { name: 'Take 1' });
    await old.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await old.getByRole('button', { name: 'Delete…' }).click();
    expect(await accessibilityFaults(page)).toEqual([]);
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('Take 1 is deleted').waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Take 2' }).waitFor();
    expect(await old.count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('leads from a picture to what was drawn from it, and back', async () => {
    const stack = await startStack();
    const [url = ''] = imageUrls(await stack.generate(body('a paper boat', SMALL)));
    await stack.generate(edit(dataUri('image/png', await bytesAt(url))));
    const { page } = await open();
    await openGallery(page, stack, '?q=boat');
    await page.getByRole('link', { name: 'a paper boat' }).click();
    await page.getByRole('link', { name: /from steel to copper/ }).click();
    await page.getByRole('heading', { name: 'Drawn from' }).waitFor();
    await page.getByRole('link', { name: /drawn by entry/ }).click();
    await page.getByRole('group', { name: 'Prompt' }).getByText('a paper boat').waitFor();
  });

  it('says that there is none', async () => {
    const stack = await startStack();
    const { page } = await open();
    await page.goto(`${stack.origin}/admin/entries/k1:${'0'.repeat(32)}`);
    await page.getByRole('alert').filter({ hasText: 'No such entry is stored.' }).waitFor();
  });

  it('is found where several scopes hold its key, from the gallery and in a comparison', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat');
    const other = { authorization: 'Bearer sk-another-0123456789' };
    await stack.generate(body('a paper boat', { ...SMALL, seed: 0 }), other);
    const [mine, theirs] = (await admin(stack, 'GET', 'entries')).json.entries;
    expect(mine.key).toBe(theirs.key);
    const { page, complaints } = await open();
    await openGallery(page, stack);
    await page.getByRole('link', { name: 'a paper boat' }).last().click();
    await page.getByRole('article').getByText(theirs.scope).waitFor();
    await openGallery(page, stack);
    for (const box of await page.getByLabel('Compare').all()) await box.check();
    await page.getByRole('link', { name: 'Compare side by side' }).click();
    for (const { scope } of [mine, theirs]) await page.getByRole('article').getByText(scope).waitFor();
    expect(complaints).toEqual([]);
  });
});

it('a key that several scopes hold is shown with the entries of the scope that its link names, of all without one', async () => {
  const stack = await startStack();
  for (const key of ['sk-alice', 'sk-bob'])
    await stack.generate(body('shared', SMALL), { authorization: `Bearer ${key}` });
  const { page, complaints } = await open();
  await openGallery(page, stack);
  await page.locator('.card a').first().click();
  await page.locator('article').first().waitFor();
  expect(await page.locator('article').count()).toBe(1);
  const { pathname, search } = new URL(page.url());
  expect(search).toContain('scope=');
  await page.goto(stack.origin + pathname);
  await page.locator('article').nth(1).waitFor();
  expect(await page.locator('article').count()).toBe(2);
  await page.getByRole('link', { name: 'Compare with take 1' }).first().click();
  await page.getByText('they are takes of one recipe').waitFor();
  expect(complaints).toEqual([]);
});
