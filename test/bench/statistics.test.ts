// The statistics of the measurements are right where they are easily wrong: at the edges, with few values, in any
// order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { median, pairedRatios, percentile, rangeOf } from '../../bench/report/statistics.ts';

test('a percentile is the value of the nearest rank, whatever the order', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.equal(percentile(hundred, 0.5), 50);
  assert.equal(percentile(hundred, 0.99), 99);
  assert.equal(percentile(hundred, 1), 100);
  assert.equal(percentile(hundred, 0), 1);
  assert.equal(percentile([7], 0.99), 7);
  assert.equal(percentile([2, 10], 0.5), 2);
});

test('values are compared as numbers, not as text', () => {
  assert.equal(percentile([9, 10, 100], 0.5), 10);
  assert.equal(median([9, 10, 100]), 10);
});

test('a median of an even number of values lies between the two in the middle', () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
});

test('of no values there is no percentile, no median and no range', () => {
  assert.equal(percentile([], 0.5), Number.NaN);
  assert.equal(median([]), Number.NaN);
  assert.equal(rangeOf([]), undefined);
});

test('a range has the least, the middle and the most', () => {
  assert.deepEqual(rangeOf([5, 1, 9]), { min: 1, median: 5, max: 9 });
});

test('a ratio is made within its round, and a round that lacks a side has none', () => {
  assert.deepEqual(pairedRatios([10, undefined, 30, 40], [5, 5, undefined, 10]), [2, 4]);
  assert.deepEqual(pairedRatios([10, 20], [0, 10]), [2]);
});

test('values that are given are left in their order', () => {
  const values = [3, 1, 2];
  median(values);
  percentile(values, 0.5);
  assert.deepEqual(values, [3, 1, 2]);
});
