import { SingleBar } from 'cli-progress';

const WIDTH = 30;

/** A line at a terminal's bottom that is drawn again and again until it is taken away. */
export class ProgressBar {
  readonly #bar: SingleBar;

  /** `look` is asked at each drawing: how much of the bar is full (undefined: there is no bar), and what stands beside it. */
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

  /** Takes it away; what is printed next stands in its place. */
  end(): void {
    this.#bar.stop();
  }
}

function bar(full: number): string {
  const done = Math.round(Math.min(1, Math.max(0, full)) * WIDTH);
  return `[${'='.repeat(done)}${' '.repeat(WIDTH - done)}]`;
}
