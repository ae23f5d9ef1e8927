// A short soak of the real gateway: it finds nothing, and once the gateway is made to leak, it finds that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runSoak } from '../../bench/soak/run-soak.ts';
import { growthOf, leaksIn } from '../../bench/soak/verdict.ts';
import { noRedis } from '../state/redis-server.ts';
import { noOpenssl } from '../support/certificates.ts';

/** Keeps an open file and a megabyte with every turn. */
const leak = `(() => {
  const { openSync } = process.getBuiltinModule('node:fs');
  const kept = [];
  setInterval(() => kept.push(openSync('/dev/null'), new Array(131072).fill(kept.length + 0.5)), 100).unref();
  return 0;
})()`;

/** The leak comes before the last of them. */
const soundRounds = 2;

test('a soak of the gateway finds nothing, and finds a leak that is planted', {
  skip: noRedis || noOpenssl,
}, async (t) => {
  let finished = 0;
  const { rounds, faults, records, counts } = await runSoak(t, {
    rounds: soundRounds + 1,
    loadMs: 3000,
    idleMs: 1000,
    async finished(_round, { inspector }) {
      finished += 1;
      if (finished === soundRounds) await inspector.evaluate(leak);
    },
  });
  assert.deepEqual(faults, []);
  assert.ok(records > 50, `${records} records`);
  for (const name of ['create: 201', 'create again with its key: 201', 'delete: 204', 'the fleet: 200'])
    assert.ok((counts.get(name) ?? 0) > 0, name);
  const found = leaksIn(growthOf(rounds.map(({ point }) => point)));
  assert.match(found.join('\n'), /^live heap grew .*\nopen files and sockets grew /);
});
