// Charts show every figure that they are given, escape what they are told, and load nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barChart } from '../../bench/report/bar-chart.ts';
import { lineChart } from '../../bench/report/line-chart.ts';
import { ticksTo } from '../../bench/report/svg.ts';
import { figure, ranged, table } from '../../bench/report/table.ts';

const range = { min: 90, median: 100, max: 120 };

test('a bar chart has a bar and a range for each candidate, and its name', () => {
  const bars = [
    { name: 'limit', range, ours: false },
    { name: 'peer<&gate', range, ours: true },
  ];
  const svg = barChart('a "title"', [{ title: 'panel', bars }]);
  assert.equal(svg.match(/<rect /g)?.length, 1 + bars.length);
  assert.ok(svg.includes('>peer&lt;&amp;gate<'));
  assert.ok(svg.includes('aria-label="a &quot;title&quot;"'));
  assert.ok(!/href|url\(|<script|NaN|undefined/.test(svg));
});

test('a line chart has a point for each size, and a legend only where it needs one', () => {
  const points = [10, 1_000_000].map((size) => ({ size, range }));
  const chart = { title: 't', sizes: 's', cost: 'c' };
  const one = lineChart({ ...chart, series: [{ name: 'first', points }] });
  assert.equal(one.match(/<circle /g)?.length, 2);
  assert.ok(!one.includes('first') && !/NaN|undefined/.test(one));
  const two = lineChart({ ...chart, series: ['first', 'second'].map((name) => ({ name, points })) });
  assert.equal(two.match(/<circle /g)?.length, 4);
  assert.ok(two.includes('>first<') && two.includes('>second<'));
});

test('ticks begin at 0, are round, and end beyond the most', () => {
  assert.deepEqual(ticksTo(7_000), [0, 2_000, 4_000, 6_000, 8_000]);
  assert.deepEqual(ticksTo(4), [0, 1, 2, 3, 4]);
  for (const most of [0.013, 0.9, 1, 37, 1e6]) {
    const last = ticksTo(most).at(-1) ?? 0;
    assert.ok(last >= most && last < 3 * most, `${most}: ${last}`);
  }
});

test('figures have three digits that count, and a range goes with its median', () => {
  assert.deepEqual([0.01234, 0.5, 12.345, 123.4, 12_345.6, 0].map(figure), [
    '0.0123',
    '0.500',
    '12.3',
    '123',
    '12,346',
    '0',
  ]);
  assert.equal(ranged(range), '100 (90.0–120)');
  assert.equal(ranged({ min: 5, median: 5, max: 5 }), '5.00');
  assert.equal(table(['a', 'b'], [['1', '2']]), '| a | b |\n| --- | --: |\n| 1 | 2 |');
});
