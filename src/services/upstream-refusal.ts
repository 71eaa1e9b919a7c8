import type { UpstreamAnswer } from '../ports/image-upstream.ts';

/** The vendor refused what a request needs before it is sent itself: the key, or a file. Its own answer, to be relayed. */
export class UpstreamRefusal extends Error {
  override readonly name = 'UpstreamRefusal';
  readonly answer: UpstreamAnswer;

  constructor(answer: UpstreamAnswer) {
    super(`the vendor answered ${answer.status}`);
    this.answer = answer;
  }
}
