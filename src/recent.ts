// Keeps the latest entries of a long sequence: at least `least`, and at most twice as many. Has two generations: a `Map` whose
// oldest entry is deleted for each new one takes tens of microseconds to find the oldest.

export class Recent<Value> {
  readonly #least: number;
  #young = new Map<string, Value>();
  #old = new Map<string, Value>();

  constructor(least: number) {
    this.#least = least;
  }

  get(key: string): Value | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  has(key: string): boolean {
    return this.#young.has(key) || this.#old.has(key);
  }

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#least) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  entries(): ReadonlyMap<string, Value> {
    return new Map([...this.#old, ...this.#young]);
  }
}
