// The Grafana dashboard shows metrics that there are, from whichever data source is chosen, in panels that do not overlap.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { readText } from '../docs/documents.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { noPromtool, promtool } from '../telemetry/promtool.ts';
import { renderedMetrics } from '../telemetry/rendered.ts';
import { assertKnown } from './expressions.ts';

/** What is read of a dashboard, by Grafana's JSON model. */
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string }[] };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly datasource: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets: readonly { readonly expr: string; readonly datasource: { readonly uid: string } }[];
}

const dashboard: Dashboard = JSON.parse(readText('deploy/grafana/dashboard.json'));
const { panels } = dashboard;
const shown = panels.filter(({ type }) => type !== 'row');

/** Grafana's own names, which Prometheus never sees. */
const asPrometheus = (expression: string) => expression.replaceAll('$__rate_interval', '5m');
const chosenSource = ['$', '{datasource}'].join('');

test('every metric and label on the dashboard is one that a gateway renders, and every metric of ours is there', async (t) => {
  const metrics = await renderedMetrics(t);
  const expressions = shown.flatMap(({ targets }) => targets.map(({ expr }) => asPrometheus(expr)));
  for (const expression of expressions) assertKnown(expression, metrics);
  const all = expressions.join('\n');
  for (const name of metrics.keys())
    if (name.startsWith('peergate_')) assert.ok(all.includes(name), `${name} is on no panel`);
});

test('every expression is one that Prometheus can read', { skip: noPromtool }, async () => {
  const rules = shown.flatMap(({ targets }) =>
    targets.map(({ expr }) => ({ record: 'a:panel', expr: asPrometheus(expr) })),
  );
  // Two panels may ask the same: what is recorded must differ.
  const numbered = rules.map((rule, number) => ({ ...rule, labels: { number: String(number) } }));
  const file = join(temporaryFolder(), 'rules.yaml');
  const check = async (list: object[]) => {
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: list }] }));
    return promtool(['check', 'rules', file]);
  };
  const good = await check(numbered);
  assert.deepEqual([good.status, good.output.match(/(\d+) rules found/)?.[1]], [0, String(rules.length)]);
  assert.notEqual((await check([{ record: 'a:panel', expr: 'sum by (' }])).status, 0);
});

test('every panel asks the chosen data source about the chosen instances', () => {
  const variables = dashboard.templating.list.map(({ name, type }) => `${name} ${type}`);
  assert.deepEqual(variables, ['datasource datasource', 'instance query']);
  for (const { targets, datasource, title, description } of shown) {
    assert.equal(datasource.uid, chosenSource, title);
    assert.ok(description.length > 5, title);
    for (const { expr, datasource: own } of targets) {
      assert.equal(own.uid, chosenSource);
      const selectors = [...expr.matchAll(/\b(?:peergate|nodejs|process)_\w+(\{[^}]*\})?/g)];
      for (const [metric, selector] of selectors)
        assert.ok(selector?.includes('instance=~"$instance"'), `${title}: ${metric}`);
    }
  }
  assert.doesNotMatch(readText('deploy/grafana/dashboard.json'), /https?:\/\//);
});

test('panels have ids and places of their own', () => {
  const ids = panels.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  const taken = new Map<string, string>();
  for (const { title, gridPos } of panels) {
    const { x, y, w, h } = gridPos;
    assert.ok(x >= 0 && x + w <= 24, title);
    for (let column = x; column < x + w; column += 1) {
      for (let line = y; line < y + h; line += 1) {
        const place = `${column}/${line}`;
        assert.equal(taken.get(place), undefined, `${title} lies over ${taken.get(place)}`);
        taken.set(place, title);
      }
    }
  }
});

test('the rows go from the callers to the process', () => {
  const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
  assert.deepEqual(rows, [
    'Traffic and refusals',
    'Latency by stage',
    'Aerospike Cloud',
    'Identity',
    'Policy',
    'Audit log',
    'State',
    'Process',
    'The fleet',
  ]);
});
