// A quarter of the thousand worlds in which everything fails that can: no promise is broken in any of them.
import { test } from 'node:test';
import { assertSeedsHold } from './run-range.ts';

test('no invariant is violated in the worlds of seeds 501 to 750', () => assertSeedsHold(501, 250));
