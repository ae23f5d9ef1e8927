// Measures a stretch of records that no checkpoint covers yet. A gateway with a key signs every 500 records or 10 s; a
// stretch beyond these bounds was not written by one.
const maxRecords = 1000;
const maxMs = 60_000;

export class Unsigned {
  count = 0;
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  #timeless = false;

  /** `time`: in milliseconds, or whatever the record has in its place. */
  add({ time }: { readonly time?: unknown }): void {
    this.count += 1;
    if (typeof time !== 'number') {
      this.#timeless = true;
      return;
    }
    this.#from = Math.min(this.#from, time);
    this.#to = Math.max(this.#to, time);
  }

  /** Over the bounds, or with a record that has no time to measure. */
  isTooLong(): boolean {
    return this.count > maxRecords || this.#to - this.#from > maxMs || this.#timeless;
  }
}
