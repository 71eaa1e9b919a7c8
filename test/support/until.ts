const PAUSE_MS = 25;

/** Asks again and again until the answer is the one that is waited for; in vain, the test ends by its own limit of time. */
export async function until<T>(ask: () => Promise<T>, isThere: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isThere(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
