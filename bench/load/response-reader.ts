// Reads one answer after another from a connection of the load generator: tells when it is whole and which status it
// has. Understands `Content-Length` and chunked bodies; refuses bytes that nobody asked for, since a number would
// count them.

const contentLength = /\r\ncontent-length: *(\d+)/i;
const chunked = /\r\ntransfer-encoding: *chunked/i;
const headEnd = '\r\n\r\n';

export class ResponseReader {
  /** What came of an answer that is not whole yet. */
  #text = '';

  /** The status when these bytes make an answer whole, otherwise 0. Throws when they are no answer. */
  push(buffer: Buffer, length: number): number {
    const text = this.#text + buffer.toString('latin1', 0, length);
    const end = wholeLength(text);
    if (end === undefined || text.length < end) {
      this.#text = text;
      return 0;
    }
    if (text.length > end) throw new Error('bytes behind the answer');
    this.#text = '';
    return statusOf(text);
  }
}

function statusOf(text: string): number {
  const status = Number(text.slice(9, 12));
  if (!text.startsWith('HTTP/1.1 ') || !(status >= 200 && status < 600))
    throw new Error(`no answer: ${JSON.stringify(text.slice(0, 20))}`);
  return status;
}

/** How long the answer is from its first byte to its last; `undefined` when that cannot be known yet. */
function wholeLength(text: string): number | undefined {
  const end = text.indexOf(headEnd);
  if (end === -1) return undefined;
  const bodyAt = end + headEnd.length;
  const head = text.slice(0, end);
  const length = contentLength.exec(head)?.[1];
  if (length !== undefined) return bodyAt + Number(length);
  return chunked.test(head) ? chunkedEnd(text, bodyAt) : bodyAt;
}

/** RFC 9112 section 7.1; trailers are not expected of anybody here. */
function chunkedEnd(text: string, bodyAt: number): number | undefined {
  let at = bodyAt;
  for (;;) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) return undefined;
    const size = Number.parseInt(text.slice(at, line), 16);
    if (Number.isNaN(size)) throw new Error('a chunk without a size');
    at = line + 2 + size + 2;
    if (size === 0) return at;
  }
}
