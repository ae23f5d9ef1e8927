// Encodes lines into one buffer that is used again and again. To join strings before they are encoded would copy each of them
// once more.

export class LineBuffer {
  #bytes = Buffer.alloc(0);

  /** The texts in UTF-8, each with `ending` behind it. Valid until the next call. `ending`: ASCII. */
  encode(texts: readonly string[], ending: string): Buffer {
    // A UTF-16 code unit takes three bytes at most.
    const most = texts.reduce((sum, { length }) => sum + 3 * length + ending.length, 0);
    if (this.#bytes.length < most) this.#bytes = Buffer.allocUnsafe(most);
    let end = 0;
    for (const text of texts) {
      end += this.#bytes.write(text, end);
      if (ending !== '') end += this.#bytes.write(ending, end);
    }
    return this.#bytes.subarray(0, end);
  }
}
