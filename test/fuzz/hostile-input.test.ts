// Hostile input, a few thousand cases of it by default: PEERGATE_FUZZ_SEED and PEERGATE_FUZZ_CASES choose others, and
// `npm run fuzz` runs a million. The same seed makes the same cases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './fuzz.ts';

const seed = Number(process.env['PEERGATE_FUZZ_SEED'] ?? 20_261_123);
const cases = Number(process.env['PEERGATE_FUZZ_CASES'] ?? 4000);

/** Far above what a warm process varies by, far below what a leak of a request in ten would leave. */
const grownMost = { heap: 12 * 2 ** 20, rss: 256 * 2 ** 20 };

test(`${cases} hostile cases: no 500, no hang, nothing disclosed, nothing forwarded without token, body and decision, nothing left behind`, {
  timeout: 120_000 + cases * 20,
}, async (t) => {
  const report = await fuzz({ seed, cases });
  const { warm, end, statuses, created, posts, deletes, answers } = report;
  t.diagnostic(
    `seed ${seed}, ${cases} cases in ${report.seconds.toFixed(1)} s, ${answers} answers, ${posts} creates, ${deletes} deletes`,
  );
  assert.equal(report.cases, cases);
  assert.ok(end.heap - warm.heap < grownMost.heap, `the heap grew from ${warm.heap} to ${end.heap}`);
  assert.ok(end.rss - warm.rss < grownMost.rss, `the process grew from ${warm.rss} to ${end.rss}`);
  // A run that is refused at the door shows nothing: each depth has been reached.
  if (cases < 1000) return;
  for (const status of [200, 201, 204, 400, 401, 403, 404, 405, 413, 415, 431])
    assert.ok((statuses.get(status) ?? 0) > 0, `no answer ${status}`);
  assert.ok(deletes > cases / 200, `${deletes} deletes of ${cases} cases`);
  assert.ok(created > cases / 50 && posts >= created, `${created} creates of ${cases} cases`);
});
