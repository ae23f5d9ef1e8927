// Whatever is done to a log other than to the end of its chain shows, and nothing shows in one to which nothing was done.
import assert from 'node:assert/strict';
import { rm, writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { verifyLogs } from '../../src/audit/verify/verify-logs.ts';
import { makeLog, startOfTime, writeLogs } from '../audit/verify/chained-log.ts';

const runs = { numRuns: 300 };
const newline = 0x0a;

/** A log of its own for each run, in one file that is written anew. */
async function checker(t: TestContext) {
  const [path = ''] = await writeLogs({ 'audit.log': '' });
  t.after(() => rm(path, { force: true }));
  return async (content: readonly string[] | Buffer): Promise<number> => {
    await writeFile(path, Buffer.isBuffer(content) ? content : content.map((line) => `${line}\n`).join(''));
    const { findings } = await verifyLogs([path], { onRead: () => undefined });
    for (const { file, line, description } of findings) {
      assert.equal(file, path);
      assert.equal(line >= 1 && /^[A-Z].*\.$/.test(description), true, description);
    }
    return findings.length;
  };
}

const size = fc.integer({ min: 3, max: 40 });
/** Two different positions before `count`, the first one smaller. */
const two = (count: number) =>
  fc
    .uniqueArray(fc.nat(count - 1), { minLength: 2, maxLength: 2 })
    .map(([a = 0, b = 0]) => [Math.min(a, b), Math.max(a, b)] as const);

type Tampered = { readonly name: string; readonly lines: string[] };

/** Everything here leaves the last line of the log as it is, or does more than that to it. */
const tampered = size.chain((count) => {
  const log = makeLog(count);
  const line = (index: number) => log[index] as string;
  const foreign = makeLog(count, { instance: 'other', time: startOfTime + 5 });
  const acts: fc.Arbitrary<Tampered>[] = [
    fc.nat(count - 2).map((index) => ({ name: `drop ${index}`, lines: log.toSpliced(index, 1) })),
    two(count - 1).map(([a, b]) => ({ name: `drop ${a} to ${b}`, lines: log.toSpliced(a, b - a + 1) })),
    fc
      .tuple(fc.nat(count - 1), fc.nat(count))
      .map(([from, to]) => ({ name: `copy ${from} to ${to}`, lines: log.toSpliced(to, 0, line(from)) })),
    // The first record of another log would be the beginning of another chain, as each run has one.
    fc.tuple(fc.integer({ min: 1, max: count - 1 }), fc.nat(count)).map(([from, to]) => ({
      name: `splice from ${from} into ${to}`,
      lines: log.toSpliced(to, 0, ...foreign.slice(from)),
    })),
    two(count).map(([a, b]) => ({
      name: `replace ${a} to ${b} by another log's`,
      lines: log.toSpliced(a, b - a, ...foreign.slice(Math.max(a, 1), Math.max(b, 2))),
    })),
  ];
  return fc.oneof(...acts);
});

test('an untouched log has no finding, in one chain or in several, wherever other lines stand', async (t) => {
  const findingsIn = await checker(t);
  const sizes = fc.array(fc.nat(12), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.infiniteStream(fc.nat(3)), fc.string(), async (counts, order, noise) => {
      const chains = counts.map((count, index) => makeLog(count, { instance: `gateway-${index}` }));
      const lines: string[] = [];
      while (chains.some((chain) => chain.length > 0)) {
        const chain = chains[(order.next().value ?? 0) % chains.length] as string[];
        const next = chain.shift();
        if (next === undefined) lines.push(noise);
        else lines.push(next);
        if (next === undefined) chains.push(...chains.splice(0, 1));
      }
      assert.equal(await findingsIn(lines), 0);
    }),
    runs,
  );
});

test('the order of records means nothing: in any other one a log has no finding', async (t) => {
  const findingsIn = await checker(t);
  const shuffled = size.chain((count) => {
    const log = makeLog(count);
    return fc.shuffledSubarray(log, { minLength: count, maxLength: count });
  });
  await fc.assert(
    fc.asyncProperty(shuffled, async (lines) => {
      assert.equal(await findingsIn(lines), 0);
    }),
    runs,
  );
});

test('records that were removed, copied or brought in from another log show', async (t) => {
  const findingsIn = await checker(t);
  await fc.assert(
    fc.asyncProperty(tampered, async ({ name, lines }) => {
      assert.notEqual(await findingsIn(lines), 0, name);
    }),
    runs,
  );
});

test('a byte that was changed in any record but the last shows', async (t) => {
  const findingsIn = await checker(t);
  await fc.assert(
    fc.asyncProperty(
      size,
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 255 }),
      async (count, where, flip) => {
        const log = makeLog(count);
        const bytes = Buffer.from(log.map((line) => `${line}\n`).join(''));
        const end = bytes.length - (log.at(-1) as string).length - 1;
        let at = Math.floor(where * end);
        // The newlines between records are not of any record.
        if (bytes[at] === newline) at -= 1;
        bytes[at] = (bytes[at] as number) ^ flip;
        assert.notEqual(await findingsIn(bytes), 0, `byte ${at}`);
      },
    ),
    runs,
  );
});
