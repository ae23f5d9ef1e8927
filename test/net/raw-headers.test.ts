// Every value of a header is found, in order, whatever the case of its name, and no value of another.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valuesOf } from '../../src/net/raw-headers.ts';

test('all values of a header are found by its name alone, in whatever case', () => {
  const raw = ['Host', 'x-id', 'X-Id', 'a', 'x-id', 'b', 'X-IDs', 'c', 'Y-Id', 'd', 'x-Id', ''];
  assert.deepEqual(valuesOf('x-id', raw), ['a', 'b', '']);
  assert.deepEqual(valuesOf('host', raw), ['x-id']);
  assert.deepEqual(valuesOf('none', raw), []);
  assert.deepEqual(valuesOf('a', []), []);
});

test('a name that is as long only before it is put into lower case is another one', () => {
  // U+0130 becomes two characters.
  assert.deepEqual(valuesOf('i\u0307', ['\u0130', 'a']), []);
});
