// Adds a sampled profile up by areas of what a gateway does. What the engine itself runs counts for the code that called it.

export interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** The first that fits counts. Matched against the file's URL from `src/` or the package on, or the name of the engine's own work. */
const areas: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['measuring', /^node:inspector/],
  ['garbage collection', /^\(garbage collector\)$/],
  ['the engine, without a function', /^\(/],
  [
    'audit records: made, hashed, in their order',
    /^src\/audit|^src\/pipeline\/forward|^node:internal\/crypto\/(hash|random)/,
  ],
  [
    'lines to standard output: records and log',
    /^src\/logging|^node:fs|^package:pino|^src\/http\/middleware\/access-log/,
  ],
  [
    'Express, rate limits',
    /^package:(express|router|forwarded|proxy-addr|debug|ms|express-rate-limit)|^src\/state\/rate-limit|^src\/http\/middleware\/address-rate-limit/,
  ],
  ['upstream: undici', /^package:undici|^wasm|^src\/outbound/],
  [
    'body and token: reading and checking',
    /^src\/http\/read-body|^src\/pipeline\/(authenticate|parse|request-faults)|^src\/(identity|operations|net)|^package:(zod|jose)/,
  ],
  ['policy', /^src\/policy|^src\/request\/authorize/],
  ['breaker, bulkhead, guards, metrics', /^src\/(upstream|reconciliation|state|telemetry)/],
  ['the other steps', /^src\//],
  ['Node: sockets, HTTP, streams, timers, promises', /^node:/],
];

/** Each area's share of the time in which the process was busy, from 0 to 1, in the order above. */
export function sharesOf({ nodes, samples, timeDeltas }: Profile): readonly (readonly [string, number])[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const placeOf = (id: number): string => {
    const { functionName, url } = byId.get(id)?.callFrame ?? { functionName: '', url: '' };
    if (url !== '' || functionName.startsWith('(')) return url === '' ? functionName : shortened(url);
    const parent = parents.get(id);
    return parent === undefined ? functionName : placeOf(parent);
  };
  const sums = new Map<string, number>();
  let busy = 0;
  for (const [index, id] of samples.entries()) {
    const place = placeOf(id);
    if (place === '(idle)') continue;
    const area = areas.find(([, pattern]) => pattern.test(place))?.[0] ?? 'other packages';
    const time = timeDeltas[index] ?? 0;
    if (area === 'measuring') continue;
    busy += time;
    sums.set(area, (sums.get(area) ?? 0) + time);
  }
  return [...sums].map(([area, time]) => [area, time / busy] as const).sort(([, a], [, b]) => b - a);
}

const shortened = (url: string): string =>
  url.replace(/^.*\/node_modules\//, 'package:').replace(/^.*\/src\//, 'src/');
