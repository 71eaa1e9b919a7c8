import { SingleBar } from 'cli-progress';

const WIDTH = 30;

/** A line at the bottom of a terminal that is redrawn until it is removed. */
export class ProgressBar {
  readonly #bar: SingleBar;

  /** Each redraw calls `look`: how much of the bar is full, from 0 to 1 (undefined: no bar), and the text beside it. */
  constructor(look: () => { readonly full: number | undefined; readonly text: string }) {
    this.#bar = new SingleBar({
      stream: process.stderr,
      clearOnComplete: true,
      format: () => {
        const { full, text } = look();
        return full === undefined ? text : `${bar(full)}  ${text}`;
      },
    });
    this.#bar.start(1, 0);
  }

  /** Prints lines above it. */
  say(line: string): void {
    this.#bar.stop();
    console.error(line);
    this.#bar.start(1, 0);
  }

  /** Removes it; the next output takes its place. */
  end(): void {
    this.#bar.stop();
  }
}

function bar(full: number): string {
  const done = Math.round(Math.min(1, Math.max(0, full)) * WIDTH);
  return `[${'='.repeat(done)}${' '.repeat(WIDTH - done)}]`;
}
