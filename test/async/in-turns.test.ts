import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inTurns } from '../../src/async/in-turns.ts';

test('between two elements other work of the process is done', async () => {
  const order: string[] = [];
  function* made(): Generator<number> {
    for (const number of [1, 2, 3]) {
      order.push(`made ${number}`);
      setImmediate(() => order.push(`other work after ${number}`));
      yield number;
    }
  }
  const taken: number[] = [];
  for await (const number of inTurns(made())) taken.push(number);
  assert.deepEqual(taken, [1, 2, 3]);
  assert.deepEqual(order.slice(0, 4), ['made 1', 'other work after 1', 'made 2', 'other work after 2']);
});
