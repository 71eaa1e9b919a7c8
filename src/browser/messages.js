import { byId } from './dom.js';

/**
 * Tells everybody, also those who do not see it, how things stand.
 * @param {string} text
 */
export function status(text) {
  byId('status', HTMLElement).textContent = text;
  const problem = byId('problem', HTMLElement);
  problem.hidden = true;
  problem.textContent = '';
}

/** @param {unknown} error */
export function failed(error) {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  const problem = byId('problem', HTMLElement);
  problem.hidden = false;
  problem.textContent = error instanceof Error ? error.message : String(error);
}

/**
 * Does what a person asked for; says what went wrong.
 * @param {() => Promise<void>} work
 */
export async function tryTo(work) {
  try {
    await work();
  } catch (error) {
    failed(error);
  }
}
