// What `/metrics` says, series by series, and what of it an action changed. Counters that move by the process's own doing, and
// sums and buckets of times, are left out of the comparison.
import assert from 'node:assert/strict';
import { type Reply, send } from '../support/gateway.ts';
import { until } from '../support/until.ts';

/** By name and labels as they are written, without the prefix `peergate_`. */
export type Series = ReadonlyMap<string, number>;

interface Scraped {
  readonly adminUrl: string;
}

export const scrape = (gateway: Scraped): Promise<Reply> => send(gateway.adminUrl, { path: '/metrics' });

export async function seriesOf(gateway: Scraped): Promise<Series> {
  const { status, text } = await scrape(gateway);
  assert.equal(status, 200);
  return parseSeries(text);
}

/** Fails on a line that is none of the text format's. */
export function parseSeries(text: string): Series {
  const found = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('# HELP ') || line.startsWith('# TYPE ')) continue;
    const [, name = '', value = ''] =
      /^([a-z][a-z0-9_]*(?:\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)*\})?) (\S+)$/.exec(line) ?? [];
    assert.notEqual(name, '', `not a sample: ${line}`);
    assert.ok(!found.has(name), `twice: ${name}`);
    found.set(name.replace(/^peergate_/, ''), Number(value));
  }
  return found;
}

const left =
  /^(?:process|nodejs)_|_bucket\{|_sum(?:\{|$)|_timestamp_seconds|^build_info|^policy_info|^token_cache_entries/;

/** Only what differs. */
export function changes(before: Series, after: Series): Record<string, number> {
  const names = new Set([...before.keys(), ...after.keys()]);
  const moved = [...names]
    .filter((name) => !left.test(name))
    .map((name) => [name, (after.get(name) ?? 0) - (before.get(name) ?? 0)] as const);
  return Object.fromEntries(moved.filter(([, difference]) => difference !== 0));
}

const sumOf = (series: Series, name: string): number =>
  [...series].reduce((sum, [key, value]) => (key.startsWith(`${name}{`) ? sum + value : sum), 0);

/** What `act` changed, once as many requests as it makes are counted and none is in flight. */
export async function changesBy(
  gateway: Scraped,
  act: () => Promise<unknown>,
  requests = 1,
): Promise<Record<string, number>> {
  await keysFetched(gateway);
  const before = await seriesOf(gateway);
  await act();
  let after = before;
  await until(`${requests} requests are counted`, async () => {
    after = await seriesOf(gateway);
    const counted = sumOf(after, 'requests_total') - sumOf(before, 'requests_total');
    assert.ok(counted <= requests, `${counted} requests are counted`);
    return counted === requests && after.get('requests_in_flight') === 0;
  });
  return changes(before, after);
}

/** The gateway fetches them by itself when it starts. */
const keysFetched = (gateway: Scraped): Promise<void> =>
  until('the keys are there', async () => {
    const series = await seriesOf(gateway);
    return [...series].some(([name, value]) => name.startsWith('key_fetches_total{') && value > 0);
  });

/** Waits until a series has the value. */
export const untilSeries = (gateway: Scraped, name: string, value: number | undefined): Promise<void> =>
  until(`${name} is ${value}`, async () => (await seriesOf(gateway)).get(name) === value);
