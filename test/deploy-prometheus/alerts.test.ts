// The alert rules hold for Prometheus itself, ask for metrics that there are, and lead to a page that says what to do.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { anchorsOf, readText, root } from '../docs/documents.ts';
import { noPromtool, promtool } from '../telemetry/promtool.ts';
import { renderedMetrics } from '../telemetry/rendered.ts';
import { assertKnown } from './expressions.ts';

/** What is read of a rule and of a test of rules, by Prometheus' reference. */
interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url: string;
  };
}

interface RuleTest {
  readonly promql_expr_test: readonly { readonly exp_samples: readonly { readonly labels: string }[] }[];
}

const folder = `${root}deploy/prometheus/`;
const rules: readonly AlertRule[] = parse(readFileSync(`${folder}alerts.yaml`, 'utf8')).groups.flatMap(
  (group: { readonly rules: readonly AlertRule[] }) => group.rules,
);
const names = rules.map(({ alert }) => alert);

for (const args of [
  ['check', 'rules', `${folder}alerts.yaml`],
  ['check', 'config', `${folder}scrape.yaml`],
  ['test', 'rules', `${folder}alerts.test.yaml`],
]) {
  test(`promtool ${args[0]} ${args[1]} finds nothing wrong`, { skip: noPromtool }, () => {
    const { status, output } = promtool(args);
    assert.equal(status, 0, output);
    assert.match(output, /SUCCESS/);
  });
}

test('each alert is tested for when it fires, and something is tested for when none does', () => {
  const { tests }: { readonly tests: readonly RuleTest[] } = parse(
    readFileSync(`${folder}alerts.test.yaml`, 'utf8'),
  );
  const samples = tests.flatMap((one) => one.promql_expr_test.map((check) => check.exp_samples));
  const fired = samples.flat().map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1]);
  assert.deepEqual([...new Set(fired)].sort(), [...names].sort());
  for (const { promql_expr_test: checks } of tests)
    assert.ok(checks.some(({ exp_samples: none }) => none.length === 0));
});

test('every metric and label that a rule asks for is one that a gateway renders', async (t) => {
  const metrics = await renderedMetrics(t);
  for (const { expr } of rules) assertKnown(expr, metrics);
  assert.throws(() => assertKnown('peergate_request_total > 0', metrics));
  assert.throws(() => assertKnown('peergate_requests_total{path="x"} > 0', metrics));
  assert.throws(() => assertKnown('sum by (path) (peergate_requests_total)', metrics));
});

test('every alert has a severity, says what happened, and leads to its page of the runbook', () => {
  assert.equal(new Set(names).size, names.length);
  for (const { alert, labels, annotations } of rules) {
    assert.match(alert, /^Peergate[A-Z]\w+$/);
    assert.ok(['critical', 'warning'].includes(labels.severity), alert);
    assert.match(annotations.summary, /^[A-Z].*\.$/);
    assert.match(annotations.description.trim(), /\{\{.*\}\}[\s\S]*\.$/);
    assert.equal(annotations.runbook_url, `docs/operations.md#${alert.toLowerCase()}`);
  }
});

test('the runbook has a page for every alert', () => {
  if (!existsSync(`${root}docs/operations.md`)) return;
  const anchors = anchorsOf(readText('docs/operations.md'));
  for (const name of names) assert.ok(anchors.includes(name.toLowerCase()), name);
});
