import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import { body, type Stack } from '../servers/stack.ts';
import { SMALL } from '../servers/start-stack.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What the accessibility checker finds fault with, one line each; run outside the page's own policy, changing nothing of it. */
export async function accessibilityFaults(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return await page.evaluate(`axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      id + ' ' + target.join(' ') + ': ' + failureSummary)))`);
}

/** Stores a picture for each prompt, one after the other, so that the last is the newest. */
export async function draw(stack: Stack, ...prompts: readonly string[]): Promise<void> {
  for (const [seed, prompt] of prompts.entries()) {
    const { status } = await stack.generate(body(prompt, { ...SMALL, seed }));
    expect(status).toBe(200);
  }
}

/** The prompts in the gallery, in its order. */
export function promptsOn(page: Page): Promise<string[]> {
  return page.locator('.card .prompt').allTextContents();
}

/** The gallery, filled. */
export async function openGallery(page: Page, stack: Stack, query = ''): Promise<void> {
  await page.goto(`${stack.origin}/admin${query}`);
  await page
    .getByRole('status')
    .filter({ hasText: /entr|Nothing/ })
    .waitFor();
}
