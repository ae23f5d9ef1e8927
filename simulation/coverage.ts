// Counts what happened in runs, so that everybody sees which faults and rare events were really met.

export class Coverage {
  readonly counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + count);
  }

  addAll(other: Iterable<readonly [string, number]>): void {
    for (const [name, count] of other) this.add(name, count);
  }

  sorted(): [string, number][] {
    return [...this.counts].sort(([one], [other]) => (one < other ? -1 : 1));
  }
}
