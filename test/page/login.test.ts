import { expect, it } from 'vitest';
import { accessibilityFaults, openGallery } from '../support/clients/admin-page.ts';
import { useBrowser } from '../support/clients/browser.ts';
import { startStack } from '../support/servers/start-stack.ts';

const open = useBrowser();
const ADMIN = 'the-admin-token-0001';
const OPENED = {
  DASHCACHE_AUTH: 'token',
  DASHCACHE_TOKENS: 'alice:token-of-alice-000001',
  DASHSCOPE_API_KEY: 'sk-server',
  DASHCACHE_ADMIN_TOKEN: ADMIN,
};

it('a person signs in, is led to where he wanted to go, and out again', async () => {
  const stack = await startStack(OPENED);
  const { page } = await open();
  await page.goto(`${stack.origin}/admin?q=boat`);
  expect(new URL(page.url()).pathname).toBe('/admin/login');
  expect(await accessibilityFaults(page)).toEqual([]);
  // The field has the focus: one types and presses Enter.
  await page.keyboard.type('not the token');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').filter({ hasText: 'This is not the admin token.' }).waitFor();
  expect(await accessibilityFaults(page)).toEqual([]);
  await page.getByLabel('Admin token').fill(ADMIN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Nothing is found.').waitFor();
  expect(await page.getByRole('searchbox').inputValue()).toBe('boat');
  expect(await page.evaluate('document.cookie')).toBe('');
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.goto(`${stack.origin}/admin/flights`);
  expect(new URL(page.url()).pathname).toBe('/admin/login');
});

it('whose session has ended while the page was open is led to the door and back', async () => {
  const stack = await startStack(OPENED);
  const { page } = await open();
  await page.goto(`${stack.origin}/admin`);
  await page.getByLabel('Admin token').fill(ADMIN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await openGallery(page, stack);
  await page.context().clearCookies();
  await page.getByRole('searchbox').fill('boat');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await page.getByLabel('Admin token').fill(ADMIN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Nothing is found.').waitFor();
});

it('whose session has ended is led to the door from the live view, too', async () => {
  const stack = await startStack(OPENED);
  const { origin } = stack;
  const { page } = await open();
  await page.goto(`${origin}/admin/flights`);
  await page.getByLabel('Admin token').fill(ADMIN);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Live: 0 flights').waitFor();
  await stack.stopServer();
  await stack.startServer({ PORT: new URL(origin).port, DASHCACHE_ADMIN_TOKEN: 'another-admin-token' });
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
