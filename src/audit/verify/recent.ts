// Remembers the latest entries of a long sequence: at least as many as it is told to, and at most twice as many. In two
// generations, since a map whose oldest entry is taken out at every turn looks over all the holes that these left.

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

  set(key: string, value: Value): void {
    if (this.#young.size >= this.#least) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  entries(): ReadonlyMap<string, Value> {
    return new Map([...this.#old, ...this.#young]);
  }
}
