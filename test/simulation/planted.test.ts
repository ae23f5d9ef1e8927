// The bugs that `npm run simulate -- --prove` plants can still be planted.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { plantedBugs } from '../../simulation/prove.ts';

test('every planted bug applies to the source, and says what it breaks', () => {
  const bugs = plantedBugs();
  assert.ok(bugs.length >= 25, `${bugs.length}`);
  for (const { name, path, breaks } of bugs) {
    assert.match(breaks, /^[A-Z].*\.$/, name);
    execFileSync('git', ['apply', '--check', path]);
  }
});
