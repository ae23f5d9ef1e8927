// Counters, histograms and gauges for prom-client's registry. prom-client's own instruments validate and hash the labels at
// every call, which costs more than some of the measured work.

interface Value {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
}

interface Shape {
  readonly name: string;
  readonly help: string;
}

/** The part of prom-client's `Metric` that a registry uses. */
export abstract class Instrument {
  readonly name: string;
  readonly help: string;
  readonly aggregator = 'sum';
  abstract readonly type: 'counter' | 'histogram' | 'gauge';

  constructor({ name, help }: Shape) {
    this.name = name;
    this.help = help;
  }

  abstract values(): Value[];

  get() {
    const { name, help, type, aggregator } = this;
    return Promise.resolve({ name, help, type, aggregator, values: this.values() });
  }
}

export class Counter extends Instrument {
  override readonly type = 'counter';
  readonly #labelNames: readonly string[];
  readonly #counts = new Map<string, { readonly labels: readonly string[]; count: number }>();

  constructor(shape: Shape & { readonly labelNames: readonly string[] }) {
    super(shape);
    this.#labelNames = shape.labelNames;
  }

  /** `labels`: a value for each name, in their order. */
  add(labels: readonly string[], count = 1): void {
    const key = labels.join('\n');
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { labels, count });
    else known.count += count;
  }

  override values(): Value[] {
    return [...this.#counts.values()].map(({ labels, count }) => ({
      value: count,
      labels: Object.fromEntries(this.#labelNames.map((name, index) => [name, labels[index] ?? ''])),
    }));
  }
}

/** One value, or one for each label value; `undefined` omits the metric. */
export type Reading = () => number | undefined | readonly (readonly [label: string, value: number])[];

/** Reads a value of another part whenever the metrics are rendered. */
export class Reader extends Instrument {
  override readonly type: 'counter' | 'gauge';
  readonly #label: string;
  readonly #read: Reading;

  constructor(shape: Shape & { readonly type: 'counter' | 'gauge'; readonly label?: string }, read: Reading) {
    super(shape);
    this.type = shape.type;
    this.#label = shape.label ?? '';
    this.#read = read;
  }

  override values(): Value[] {
    const read = this.#read();
    if (read === undefined) return [];
    if (typeof read === 'number') return [{ labels: {}, value: read }];
    return read.map(([label, value]) => ({ labels: { [this.#label]: label }, value }));
  }
}

interface Series {
  /** One count per bound, and a last one for values above all bounds. */
  readonly counts: number[];
  sum: number;
}

export class Histogram extends Instrument {
  override readonly type = 'histogram';
  readonly #labelName: string | undefined;
  readonly #bounds: readonly number[];
  readonly #series = new Map<string, Series>();

  constructor(
    shape: Shape & { readonly labelName?: string | undefined; readonly bounds: readonly number[] },
  ) {
    super(shape);
    this.#labelName = shape.labelName;
    this.#bounds = shape.bounds;
    if (shape.labelName === undefined) this.#begin('');
  }

  /** `label`: the value of the label; empty without one. */
  observe(label: string, value: number): void {
    const series = this.#series.get(label) ?? this.#begin(label);
    let at = 0;
    while (at < this.#bounds.length && value > (this.#bounds[at] as number)) at += 1;
    series.counts[at] = (series.counts[at] as number) + 1;
    series.sum += value;
  }

  override values(): Value[] {
    return [...this.#series].flatMap(([label, { counts, sum }]) => {
      const labels = this.#labelName === undefined ? {} : { [this.#labelName]: label };
      let below = 0;
      const buckets = [...this.#bounds, '+Inf'].map((le, index) => {
        below += counts[index] as number;
        return { value: below, labels: { le, ...labels }, metricName: `${this.name}_bucket` };
      });
      return [
        ...buckets,
        { value: sum, labels, metricName: `${this.name}_sum` },
        { value: below, labels, metricName: `${this.name}_count` },
      ];
    });
  }

  #begin(label: string): Series {
    const series = { counts: Array.from({ length: this.#bounds.length + 1 }, () => 0), sum: 0 };
    this.#series.set(label, series);
    return series;
  }
}
