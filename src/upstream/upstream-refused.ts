// The upstream's 4xx to a read that precedes the caller's own request. It is passed on, and the request itself is not sent.
import type { UpstreamAnswer } from './read-answer.ts';

/** The cluster does not exist or may not be read. */
export class UpstreamRefused extends Error {
  override readonly name = 'UpstreamRefused';
  readonly answer: UpstreamAnswer;

  constructor(answer: UpstreamAnswer) {
    super(`Aerospike Cloud answered ${answer.status}`);
    this.answer = answer;
  }
}
