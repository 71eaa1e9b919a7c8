import type { UpstreamAnswer } from '../../ports/image-upstream.ts';

/** The vendor does not take the key of a request that needs its word before anything is done: its answer, to be relayed. */
export class KeyRefusal extends Error {
  override readonly name = 'KeyRefusal';
  readonly answer: UpstreamAnswer;

  constructor(answer: UpstreamAnswer) {
    super(`the vendor answered ${answer.status} to a key`);
    this.answer = answer;
  }
}
