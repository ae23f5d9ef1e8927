// What `/metrics` of a real gateway has: each metric's kind and labels, and the meaning that stands beside it.
import type { TestContext } from 'node:test';
import { put, remove } from '../support/call-peering.ts';
import { allowed, startTestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';
import { changesBy, scrape } from './scrape.ts';

export interface Metric {
  readonly kind: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** By name, as it is rendered. */
export async function renderedMetrics(test: TestContext): Promise<ReadonlyMap<string, Metric>> {
  const gateway = await startTestGateway(test, { environment: { FLEET_REFRESH_SECONDS: '86400' } });
  await until('a snapshot was counted', async () =>
    (await scrape(gateway)).text.includes('peergate_fleet_findings{'),
  );
  const some = async () => {
    await gateway.create();
    await gateway.create({ ...allowed, region: 'eu-north-1' });
    await remove(gateway, put(gateway));
  };
  await changesBy(gateway, some, 3);
  // A collection is only shown once there was one.
  await until('garbage was collected', async () => {
    Array.from({ length: 100_000 }, () => ({}));
    return (await scrape(gateway)).text.includes('nodejs_gc_duration_seconds_count{');
  });
  return metricsIn((await scrape(gateway)).text);
}

export function metricsIn(text: string): ReadonlyMap<string, Metric> {
  const metrics = new Map<string, Metric>();
  for (const [, name = '', help = '', , kind = ''] of text.matchAll(
    /^# HELP (\S+) (.*)\n# TYPE (\S+) (\S+)$/gm,
  )) {
    const samples = text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'));
    const labels = [...samples].flatMap(([, list = '']) =>
      [...list.matchAll(/(\w+)="(?:[^"\\]|\\.)*"/g)].map(([, label]) => label ?? ''),
    );
    metrics.set(name, { kind, help, labels: [...new Set(labels)].filter((label) => label !== 'le') });
  }
  return metrics;
}

/** The names that can be asked for, those of a histogram's parts too. */
export const seriesNames = (metrics: ReadonlyMap<string, Metric>): string[] =>
  [...metrics].flatMap(([name, { kind }]) =>
    kind === 'histogram' ? ['_bucket', '_sum', '_count'].map((part) => name + part) : [name],
  );
