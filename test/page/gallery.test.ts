import { describe, expect, it } from 'vitest';
import { accessibilityFaults, draw, openGallery, promptsOn } from '../support/clients/admin-page.ts';
import { useBrowser } from '../support/clients/browser.ts';
import { startStack } from '../support/servers/start-stack.ts';

const open = useBrowser();

describe('the gallery', () => {
  it('shows what is stored, newest first, with thumbnails', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', 'a tram in fog');
    const { page, complaints } = await open();
    await openGallery(page, stack);
    expect(await promptsOn(page)).toEqual(['a tram in fog', 'a paper boat']);
    const first = page.locator('.thumbnail img').first();
    await expect
      .poll(() => first.evaluate((image: { naturalWidth: number }) => image.naturalWidth))
      .toBe(480);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('finds as one types, Chinese by a single character, and keeps the search in the address', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', '一只纸船漂过水洼', 'a tram in fog');
    const { page, complaints } = await open();
    await openGallery(page, stack);
    const field = page.getByRole('searchbox', { name: 'Search prompts' });
    await field.pressSequentially('boat');
    await expect.poll(() => promptsOn(page)).toEqual(['a paper boat']);
    await field.fill('船');
    await expect.poll(() => promptsOn(page)).toEqual(['一只纸船漂过水洼']);
    await page.reload();
    await expect.poll(() => promptsOn(page)).toEqual(['一只纸船漂过水洼']);
    expect(await field.inputValue()).toBe('船');
    await field.fill('nothing like it');
    await page.getByText('Nothing is found.').waitFor();
    expect(complaints).toEqual([]);
  });

  it('filters, says what a filter is wrong about, and clears them', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', 'a tram in fog');
    const { page } = await open();
    await openGallery(page, stack, '?seed=1');
    await expect.poll(() => promptsOn(page)).toEqual(['a tram in fog']);
    await page.getByLabel('Seed').fill('many');
    await page.getByRole('alert').filter({ hasText: 'seed' }).waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await expect.poll(() => promptsOn(page)).toHaveLength(2);
    await page.getByRole('alert').waitFor({ state: 'hidden' });
  });

  it('shows more of what is listed when asked to, whatever has been typed since', async () => {
    const stack = await startStack();
    await draw(stack, ...Array.from({ length: 52 }, (_, index) => `picture ${index}`));
    const { page } = await open();
    await openGallery(page, stack);
    expect(await promptsOn(page)).toHaveLength(50);
    await page.locator('#filters summary').click();
    await page.getByLabel('Seed').fill('many');
    await page.getByRole('alert').filter({ hasText: 'seed' }).waitFor();
    await page.getByRole('button', { name: 'Show more' }).click();
    await expect.poll(() => promptsOn(page)).toHaveLength(52);
    expect(new Set(await promptsOn(page)).size).toBe(52);
    await page.getByRole('button', { name: 'Show more' }).waitFor({ state: 'hidden' });
    // The reader goes on where the new ones begin.
    expect(await page.evaluate('document.activeElement.textContent')).toContain('picture 1');
  });

  it('deletes what was found after saying what that is; keeping it is the other way out', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', 'a tram in fog', 'another tram');
    const { page, complaints } = await open();
    await openGallery(page, stack, '?q=tram');
    const dialog = page.getByRole('dialog', { name: 'Delete these entries?' });
    await page.getByRole('button', { name: 'Delete all of these…' }).click();
    await dialog.getByText('2 entries with 2 images').waitFor();
    expect(await accessibilityFaults(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Keep them' }).click();
    await dialog.waitFor({ state: 'hidden' });
    await openGallery(page, stack);
    expect(await promptsOn(page)).toHaveLength(3);

    await openGallery(page, stack, '?q=tram');
    await page.getByRole('button', { name: 'Delete all of these…' }).click();
    await dialog.getByRole('button', { name: 'Delete 2 entries' }).click();
    await page.getByText('Deleted: 2 entries').waitFor();
    await openGallery(page, stack);
    expect(await promptsOn(page)).toEqual(['a paper boat']);
    expect(complaints).toEqual([]);
  });

  it('says so before everything goes', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat');
    const { page } = await open();
    await openGallery(page, stack);
    await page.getByRole('button', { name: 'Delete all of these…' }).click();
    await page.getByText('This is everything that is stored: 1 entry').waitFor();
    await page.getByRole('button', { name: 'Delete 1 entry' }).click();
    await page.getByText('Deleted: 1 entry').waitFor();
    expect(await promptsOn(page)).toEqual([]);
  });

  it('compares two entries, and a third takes the place of the first', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', 'a tram in fog', 'a clock');
    const { page, complaints } = await open();
    await openGallery(page, stack);
    const bar = page.getByRole('complementary', { name: 'Comparison' });
    expect(await bar.isVisible()).toBe(false);
    const boxes = page.getByRole('checkbox', { name: 'Compare' });
    for (const index of [0, 1, 2]) await boxes.nth(index).check();
    expect(await boxes.nth(0).isChecked()).toBe(false);
    await page.getByRole('link', { name: 'Compare side by side' }).click();
    const table = page.getByRole('table', { name: 'Differing fields' });
    await table.waitFor();
    expect(await table.getByRole('row').allTextContents()).toEqual([
      expect.stringMatching(/^FieldEntry \d+Entry \d+$/),
      'input.prompt"a tram in fog""a paper boat"',
      'parameters.seed10',
    ]);
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('keeps what was chosen through a search, and lets go of all of it', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', 'a tram in fog');
    const { page } = await open();
    await openGallery(page, stack);
    await page.getByLabel('Compare').first().check();
    const field = page.getByRole('searchbox', { name: 'Search prompts' });
    await field.fill('boat');
    await expect.poll(() => promptsOn(page)).toHaveLength(1);
    await page.getByText('1 entry chosen; choose another.').waitFor();
    await field.fill('');
    await expect.poll(() => promptsOn(page)).toHaveLength(2);
    const box = page.getByLabel('Compare').first();
    expect(await box.isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    expect(await box.isChecked()).toBe(false);
  });

  it('finds words by their beginnings while they are typed, and whole once a space follows', async () => {
    const stack = await startStack();
    await draw(stack, 'a paper boat', 'a boathouse', 'a tram in fog');
    const { page } = await open();
    await openGallery(page, stack);
    const field = page.getByRole('searchbox', { name: 'Search prompts' });
    await field.pressSequentially('boa');
    await expect.poll(() => promptsOn(page)).toEqual(['a boathouse', 'a paper boat']);
    await expect.poll(() => new URL(page.url()).searchParams.get('q')).toBe('boa');
    await field.pressSequentially('t ');
    await expect.poll(() => promptsOn(page)).toEqual(['a paper boat']);
  });
});
