// A target is judged by the median of the ratios of single rounds, in the right direction, and by nobody else's
// figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rounds } from '../../bench/report/results.ts';
import { judge, likeForLike, ofLimit, targets } from '../../bench/report/targets.ts';
import type { Sample } from '../../bench/stand/measure.ts';

const sample = (throughput: number, p50Ms = 1): Sample => ({ throughput, p50Ms }) as Sample;
const targetOf = (title: string) => {
  const found = targets.find((target) => target.title.includes(title));
  assert.ok(found);
  return found;
};

const rounds = (pairs: readonly (readonly [number, number])[]): Rounds =>
  pairs.map(([ours, theirs]) => ({ peergate: { create: sample(ours) }, limit: { create: sample(theirs) } }));

test('the median ratio of the rounds decides, not the ratio of the medians', () => {
  // Of the medians it would be 20 / 20.
  const judged = judge(
    rounds([
      [10, 20],
      [20, 40],
      [60, 10],
    ]),
    targetOf('`limit`'),
  );
  assert.deepEqual(judged?.ratios, [0.5, 0.5, 6]);
  assert.deepEqual(judged?.range, { min: 0.5, median: 0.5, max: 6 });
  assert.equal(judged?.reached, false);
});

test('a target that is met exactly is reached', () => {
  assert.equal(judge(rounds([[75, 100]]), targetOf('`limit`'))?.reached, true);
  assert.equal(judge(rounds([[74, 100]]), targetOf('`limit`'))?.reached, false);
});

test('of times less is better', () => {
  const timed = (ours: number, theirs: number): Rounds => [
    { peergate: { rate: sample(1, ours) }, limit: { rate: sample(1, theirs) } },
  ];
  assert.equal(judge(timed(1.25, 1), targetOf('p50'))?.reached, true);
  assert.equal(judge(timed(1.3, 1), targetOf('p50'))?.reached, false);
});

test('without figures of both sides there is no verdict', () => {
  assert.equal(judge([{ peergate: { create: sample(1) } }], targetOf('`limit`')), undefined);
  assert.equal(judge([], targetOf('`limit`')), undefined);
});

test('every target of the default settings has its like-for-like beside it, but for the durable file', () => {
  for (const target of targets) {
    const alike = likeForLike(target);
    assert.equal(alike === undefined, target.ours === 'peergate-file', target.title);
    if (alike !== undefined) assert.equal(alike.withoutPreflight.ours, 'peergate-no-preflight');
  }
  assert.equal(likeForLike(targetOf('`limit`'))?.list.measure, 'list');
});

test('limit is put in the place of peergate against every peer but itself, where it was measured', () => {
  const peers = targets.filter((target) => ofLimit(target) !== undefined).map(({ theirs }) => theirs);
  assert.deepEqual(peers, ['typical', 'fastify-cache', 'fastify', 'haproxy']);
  const faster: Rounds = [{ limit: { create: sample(60) }, typical: { create: sample(10) } }];
  const target = ofLimit(targetOf('`typical`'));
  assert.ok(target);
  assert.deepEqual(judge(faster, target), {
    ratios: [6],
    range: { min: 6, median: 6, max: 6 },
    reached: false,
  });
});
