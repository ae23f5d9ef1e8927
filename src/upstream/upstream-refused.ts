// The upstream's own 4xx to a read that the gateway makes before it does what the caller asked for.
import type { UpstreamAnswer } from './read-answer.ts';

/** There is no such cluster, or it may not be read. The answer is passed on; nothing else was sent. */
export class UpstreamRefused extends Error {
  override readonly name = 'UpstreamRefused';
  readonly answer: UpstreamAnswer;

  constructor(answer: UpstreamAnswer) {
    super(`Aerospike Cloud answered ${answer.status}`);
    this.answer = answer;
  }
}
