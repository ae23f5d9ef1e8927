// Splits what comes over a connection into requests, for the stand-in of the upstream: first line, head, nothing else.
// Refuses a chunked body, which no candidate sends, rather than count wrongly.

export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  /** Without the first line's end, as it came. */
  readonly head: string;
}

const contentLength = /\r\ncontent-length: *(\d+)/i;
const headEnd = '\r\n\r\n';

export class RequestReader {
  #text = '';

  /** The requests that these bytes make whole, in order. Throws on what cannot be read. */
  push(chunk: Buffer): ReadRequest[] {
    this.#text += chunk.toString('latin1');
    const requests: ReadRequest[] = [];
    for (;;) {
      const end = this.#text.indexOf(headEnd);
      if (end === -1) return requests;
      const head = this.#text.slice(0, end);
      if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('a chunked request');
      const whole = end + headEnd.length + Number(contentLength.exec(head)?.[1] ?? 0);
      if (this.#text.length < whole) return requests;
      this.#text = this.#text.slice(whole);
      const [method = '', target = ''] = head.split(' ', 2);
      requests.push({ method, target, head });
    }
  }
}
