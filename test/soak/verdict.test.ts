// Growth is told from noise: a leak of one handle, or of a twentieth of the heap, is found, and one odd point is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growthOf, leaksIn, type Point } from '../../bench/soak/verdict.ts';

const usual: Point = {
  heap: 50_000_000,
  rss: 160_000_000,
  fds: 35,
  handles: { TCPServerWrap: 2, Timeout: 1 },
};
const points = (change: (turn: number) => Partial<Point>): Point[] =>
  Array.from({ length: 30 }, (_, turn) => ({ ...usual, ...change(turn) }));
const leaks = (...args: Parameters<typeof points>): string[] => leaksIn(growthOf(points(...args)));

test('what varies around what it was, or grows while it warms up, is no leak', () => {
  assert.deepEqual(
    leaks(() => ({})),
    [],
  );
  assert.deepEqual(
    leaks((turn) => ({ heap: usual.heap + (turn % 3) * 1_000_000 })),
    [],
  );
  assert.deepEqual(
    leaks((turn) => ({ heap: 30_000_000 + Math.min(turn, 6) * 3_000_000 })),
    [],
  );
  assert.deepEqual(
    leaks((turn) => (turn === 29 ? { fds: 90, heap: 200_000_000 } : {})),
    [],
  );
});

test('one handle that is not given back is a leak, whenever it was lost', () => {
  for (const lostAt of [14, 20])
    assert.deepEqual(
      leaks((turn) => ({ fds: usual.fds + Number(turn >= lostAt) })),
      ['open files and sockets grew from 35 to 36'],
    );
  assert.deepEqual(
    leaks((turn) => ({ handles: { ...usual.handles, Timeout: turn < 15 ? 1 : 2 } })),
    ['Timeout grew from 1 to 2'],
  );
  assert.deepEqual(
    leaks((turn) => ({ handles: turn < 15 ? usual.handles : { ...usual.handles, Worker: 1 } })),
    ['Worker grew from 0 to 1'],
  );
});

test('a live heap that grows by a twentieth is a leak, and by less it is not', () => {
  const growing = (share: number) =>
    leaks((turn) => ({ heap: usual.heap * (1 + (share * Math.max(0, turn - 8)) / 19) }));
  assert.deepEqual(growing(0.04), []);
  assert.match(growing(0.08).join(), /^live heap grew from \d+ to \d+$/);
});
