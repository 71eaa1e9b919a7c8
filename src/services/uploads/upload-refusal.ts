import type { UpstreamAnswer } from '../../ports/image-upstream.ts';

/** The vendor would not take a file that a request needs there: its own answer, to be relayed. */
export class UploadRefusal extends Error {
  override readonly name = 'UploadRefusal';
  readonly answer: UpstreamAnswer;

  constructor(answer: UpstreamAnswer) {
    super(`the vendor answered ${answer.status} to an upload`);
    this.answer = answer;
  }
}
