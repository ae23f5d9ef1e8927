// A target is judged by the median of the ratios of single rounds, in the right direction, and by nobody else's
// figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { targetTable } from '../../bench/report/compare-report.ts';
import type { Rounds } from '../../bench/report/results.ts';
import { judge, type Target, targets } from '../../bench/report/targets.ts';
import { candidates } from '../../bench/stand/candidates.ts';
import type { Sample } from '../../bench/stand/measure.ts';

const sample = (throughput: number, p50Ms = 1): Sample => ({ throughput, p50Ms }) as Sample;
const targetOf = (title: string): Target => {
  const found = targets.find((target) => target.title.includes(title));
  assert.ok(found);
  return found;
};
const judgeDefault = (rounds: Rounds, title: string) => {
  const target = targetOf(title);
  return judge(rounds, target, target.defaultSettings);
};

const rounds = (pairs: readonly (readonly [number, number])[]): Rounds =>
  pairs.map(([ours, theirs]) => ({ peergate: { create: sample(ours) }, limit: { create: sample(theirs) } }));

test('the median ratio of the rounds decides, not the ratio of the medians', () => {
  // Of the medians it would be 20 / 40.
  const judged = judgeDefault(
    rounds([
      [10, 50],
      [20, 100],
      [60, 10],
    ]),
    '`limit`',
  );
  assert.deepEqual(judged?.ratios, [0.2, 0.2, 6]);
  assert.deepEqual(judged?.range, { min: 0.2, median: 0.2, max: 6 });
  assert.equal(judged?.reached, false);
});

test('a target that is met exactly is reached', () => {
  assert.equal(judgeDefault(rounds([[40, 100]]), '`limit`')?.reached, true);
  assert.equal(judgeDefault(rounds([[39, 100]]), '`limit`')?.reached, false);
});

test('of times less is better', () => {
  const timed = (ours: number, theirs: number): Rounds => [
    { peergate: { rate: sample(1, ours) }, limit: { rate: sample(1, theirs) } },
  ];
  assert.equal(judgeDefault(timed(1.8, 1), 'p50')?.reached, true);
  assert.equal(judgeDefault(timed(1.9, 1), 'p50')?.reached, false);
});

test('without figures of both sides there is no verdict', () => {
  assert.equal(judgeDefault([{ peergate: { create: sample(1) } }], '`limit`'), undefined);
  assert.equal(judgeDefault([], '`limit`'), undefined);
});

test('the bounds are judged apart for the default settings and for PREFLIGHT=off, each by its own figures', () => {
  const figures = { peergate: { create: sample(45) }, 'peergate-no-preflight': { create: sample(55) } };
  const line = targetTable({ rounds: [{ ...figures, limit: { create: sample(100) } }] })
    .split('\n')
    .find((text) => text.startsWith('| `limit` |'));
  assert.match(line ?? '', /≥ 0\.40 \| 0\.450 pass \| ≥ 0\.60 \| 0\.550 \*\*miss\*\*/);
});

test('a peer without a bound gets its ratio and no verdict', () => {
  const judged = judgeDefault(
    [{ peergate: { create: sample(1) }, 'limit-dispatch': { create: sample(4) } }],
    'limit-dispatch',
  );
  assert.deepEqual([judged?.ratios, judged?.reached], [[0.25], undefined]);
});

test('both sides of every target are candidates that are measured that way, and the report says what the peer lacks', () => {
  for (const { title, theirs, measure, defaultSettings, withoutPreflight, peerLacks } of targets) {
    const sides = [theirs, defaultSettings.ours, ...(withoutPreflight ? [withoutPreflight.ours] : [])];
    for (const side of sides) {
      const candidate = candidates.find(({ name }) => name === side);
      assert.ok(candidate, `${title}: ${side}`);
      assert.ok(candidate.measures.includes(measure), `${title}: ${side} is not measured by ${measure}`);
    }
    assert.notEqual(peerLacks, '', title);
  }
});
