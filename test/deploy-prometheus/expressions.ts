// Checks that an expression of Prometheus asks for what there is: metrics of a gateway, and labels that they have.
import assert from 'node:assert/strict';
import { type Metric, seriesNames } from '../telemetry/rendered.ts';

/** Put there by Prometheus itself, or by the buckets of a histogram. */
const ofTheScrape = ['job', 'instance', 'le'];

export function assertKnown(expression: string, metrics: ReadonlyMap<string, Metric>): void {
  const known = seriesNames(metrics);
  const asked = [...expression.matchAll(/\b((?:peergate|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)];
  assert.ok(asked.length > 0 || /\bup\b/.test(expression), `no metric in ${expression}`);
  const labels = new Set(ofTheScrape);
  for (const [, name = '', selector = ''] of asked) {
    assert.ok(known.includes(name), `${name} is not rendered`);
    const metric = metrics.get(name) ?? metrics.get(name.replace(/_(?:bucket|sum|count)$/, ''));
    for (const label of metric?.labels ?? []) labels.add(label);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*[=!]/g))
      assert.ok([...ofTheScrape, ...(metric?.labels ?? [])].includes(label), `${name} has no label ${label}`);
  }
  for (const [, list = ''] of expression.matchAll(/\b(?:by|on) \(([^)]*)\)/g))
    for (const label of list.split(/, */)) assert.ok(labels.has(label), `nothing has the label ${label}`);
}
