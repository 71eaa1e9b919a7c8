import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Every page of the documentation, by its path in the repository: what stands at the top, then `docs/`. */
export function listPages(): readonly string[] {
  const under = readdirSync(`${ROOT}/docs`, { recursive: true, encoding: 'utf8' }).map(
    (path) => `docs/${path}`,
  );
  return [...readdirSync(ROOT), ...under.sort()].filter((path) => path.endsWith('.md'));
}

/** The Markdown of a page. */
export function readPage(path: string): string {
  return readFileSync(`${ROOT}/${path}`, 'utf8');
}

/** What stands between `<!-- name:begin -->` and `<!-- name:end -->`, without the blank lines around it. */
export function readSection(path: string, name: string): string | undefined {
  return new RegExp(`<!-- ${name}:begin -->\\n+([\\s\\S]*?)\\n+<!-- ${name}:end -->`).exec(
    readPage(path),
  )?.[1];
}

/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a text, in their order. */
export function blocksOf(text: string): readonly Block[] {
  const found = text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm);
  return [...found].map(([, language = '', block = '']) => ({ language, text: block }));
}
