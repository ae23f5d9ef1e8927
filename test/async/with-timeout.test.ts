import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { withTimeout } from '../../src/async/with-timeout.ts';

test('a time limit that has passed already ends at once, without a warning of Node', async (t) => {
  const warnings: string[] = [];
  const keep = ({ name }: Error) => void warnings.push(name);
  process.on('warning', keep);
  t.after(() => process.off('warning', keep));
  assert.equal(await withTimeout(-5, new Promise(() => undefined)), undefined);
  await turn();
  assert.deepEqual(warnings, []);
});
