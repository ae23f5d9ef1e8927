// What a fuzz run found once stays found: every case of the corpus, and some new ones for the surfaces that are no server.
// `npm run fuzz` runs as many as one has time for.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { noRedis } from '../state/redis-server.ts';
import { readCorpus } from './corpus.ts';
import { fuzzSurface } from './fuzz-surface.ts';
import { type IssuersCase, issuersSurface } from './issuers-surface.ts';
import { startSurface, surfaceNames } from './surfaces.ts';

const seed = 20_261_129;
const cases = 512;

test('every folder of the corpus is that of a surface', () => {
  const known: readonly string[] = surfaceNames;
  const others = readdirSync(new URL('corpus', import.meta.url)).filter((name) => !known.includes(name));
  assert.deepEqual(others, []);
});

for (const name of surfaceNames) {
  const skip = name === 'stored-answer' && noRedis;

  if (readCorpus(name).length > 0)
    test(`${name}: what was found once is not found again`, { skip }, async (t) => {
      const surface = await startSurface(name);
      t.after(() => surface.stop());
      for (const { name: found, fuzz } of readCorpus(name))
        await surface.check(fuzz).catch((cause: unknown) => {
          throw new Error(`${found} is back`, { cause });
        });
    });

  if (name === 'http') continue;
  test(`${name}: ${cases} hostile cases break no promise, and come to more than one end`, {
    skip,
  }, async () => {
    const { cases: done, outcomes } = await fuzzSurface(name, { seed, cases });
    assert.equal(done, cases);
    assert.ok(outcomes.size > 1, [...outcomes.keys()].join());
  });
}

test('a surface fails a case that does not come to what is right', async () => {
  const text = 'issuers: [{ issuer: "https://a.example", audiences: [a] }]\n';
  const good: IssuersCase = { parts: [[text, 1]], edits: [], expected: ['https://a.example'] };
  assert.equal(await issuersSurface.check(good), 'accepted');
  for (const expected of ['refused', ['https://b.example']] as const)
    await assert.rejects(issuersSurface.check({ ...good, expected }));
  const bad: IssuersCase = { parts: [['issuers: []\n', 1]], edits: [], expected: ['https://a.example'] };
  await assert.rejects(issuersSurface.check(bad), /a good file was refused: /);
});
