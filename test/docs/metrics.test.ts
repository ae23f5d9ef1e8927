// docs/metrics.md has every metric that a gateway renders with its type and its labels, and none that it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageNames } from '../../src/telemetry/stages.ts';
import { renderedMetrics } from '../telemetry/rendered.ts';
import { codeSpans, readText, tableRows } from './documents.ts';

const guide = readText('docs/metrics.md');
const documented = tableRows(guide, 'metric').map(([metric = '', type = '', labels = '', meaning = '']) => ({
  name: codeSpans(metric)[0] ?? '',
  type,
  labels: codeSpans(labels).sort(),
  meaning,
}));

test('every metric is in a table with its type and its labels, or is named as one of the process', async (t) => {
  const metrics = await renderedMetrics(t);
  const actual = [...metrics].map(([name, { kind, labels }]) => ({
    name,
    type: kind,
    labels: [...labels].sort(),
  }));
  const ours = actual.filter(({ name }) => name.startsWith('peergate_'));
  const listed = documented.map(({ name, type, labels }) => ({ name, type, labels }));
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
  assert.deepEqual(listed.filter(({ name }) => name.startsWith('peergate_')).sort(byName), ours.sort(byName));
  const named = new Set(codeSpans(guide));
  for (const { name, type, labels } of actual.filter((metric) => !metric.name.startsWith('peergate_'))) {
    const percentile = /^nodejs_eventloop_lag(_\w+_)seconds$/.exec(name)?.[1];
    assert.ok(named.has(name) || named.has(percentile ?? ''), name);
    const row = listed.find((metric) => metric.name === name);
    if (row !== undefined) assert.deepEqual(row, { name, type, labels });
  }
  for (const { name } of listed) assert.ok(metrics.has(name), name);
});

test('every stage is named', () => {
  const row = documented.find(({ name }) => name === 'peergate_stage_duration_seconds');
  const spans = codeSpans(row?.meaning ?? '');
  assert.deepEqual([...spans].sort(), [...stageNames].sort());
});
