// What a reload of `AUTH_ISSUERS_FILE` brings about, by the file alone: what is in force then, what is said about it, and who
// is told.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Agent } from 'undici';
import { systemClock } from '../../src/clock.ts';
import { IssuersReload } from '../../src/identity/issuers-reload.ts';
import { TrustedIssuers } from '../../src/identity/trusted-issuers.ts';
import type { Logger } from '../../src/logging/logger.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const textOf = (...names: string[]) =>
  `issuers: ${JSON.stringify(names.map((name) => ({ issuer: `https://${name}.example`, audiences: ['peergate'] })))}\n`;

interface Counted {
  readonly issuers?: readonly string[];
  readonly faults?: readonly string[];
  readonly count?: number;
}

function reloading(t: TestContext) {
  const file = join(temporaryFolder(), 'issuers.yaml');
  const agent = new Agent();
  const logger = { warn: () => undefined } as unknown as Logger;
  const trusted = new TrustedIssuers(
    { issuers: [], issuersFile: file, clockToleranceSeconds: 5, jwksMaxStaleMs: 1000 },
    { clock: systemClock, logger, agent, maxWaiting: 1, observe: () => undefined },
  );
  const lines: { level: string; fields: Record<string, unknown>; msg: string }[] = [];
  const log = (level: string) => (fields: Record<string, unknown>, msg: string) =>
    lines.push({ level, fields, msg });
  const reload = new IssuersReload(file, trusted, {
    info: log('info'),
    error: log('error'),
  } as unknown as Logger);
  t.after(async () => {
    reload.stop();
    await agent.destroy();
  });
  return {
    reload,
    lines,
    write: (text: string) => writeFileSync(file, text),
    names: () => trusted.all().map(({ rules }) => rules.issuer),
  };
}

test('a good file is in force when the reload has ended, and it says whether the issuers are others', async (t) => {
  const { reload, lines, write, names } = reloading(t);
  write(textOf('a', 'b'));
  assert.equal(await reload.reload(), true);
  assert.deepEqual(names(), ['https://a.example', 'https://b.example']);
  write(`# again\n${textOf('a', 'b')}`);
  assert.equal(await reload.reload(), false);
  write(textOf('a'));
  assert.equal(await reload.reload(), true);
  write(textOf('b'));
  assert.equal(await reload.reload(), true);
  assert.deepEqual(names(), ['https://b.example']);
  assert.deepEqual(
    lines.map(({ level, msg, fields }) => [level, msg, fields['count']]),
    [
      ['info', 'issuers loaded', 2],
      ['info', 'issuers unchanged', 2],
      ['info', 'issuers loaded', 1],
      ['info', 'issuers loaded', 1],
    ],
  );
  assert.deepEqual(lines[0]?.fields['issuers'], ['https://a.example', 'https://b.example']);
});

test('a file with a fault, or none at all, changes nothing and is an error in the log', async (t) => {
  const { reload, lines, write, names } = reloading(t);
  assert.equal(await reload.reload(), false);
  assert.match(JSON.stringify(lines.at(-1)?.fields['faults']), /ENOENT/);
  write(textOf('a'));
  await reload.reload();
  write(textOf('b').replace('audiences', 'audience'));
  assert.equal(await reload.reload(), false);
  assert.deepEqual(names(), ['https://a.example']);
  assert.deepEqual(
    [lines.at(-1)?.level, lines.at(-1)?.msg],
    ['error', 'issuers rejected; the last good ones stay'],
  );
});

test('the log names twenty issuers or faults, and how many there are', async (t) => {
  const { reload, lines, write } = reloading(t);
  const names = Array.from({ length: 21 }, (_, index) => `i${index}`);
  write(textOf(...names));
  await reload.reload();
  const [loaded] = lines;
  const { issuers = [], count } = (loaded?.fields ?? {}) as Counted;
  assert.deepEqual([issuers.length, count], [20, 21]);
  write(textOf(...names).replaceAll('audiences', 'audience'));
  await reload.reload();
  const { faults = [], count: all = 0 } = (lines.at(-1)?.fields ?? {}) as Counted;
  assert.equal(faults.length, 20);
  assert.ok(all > 20);
});

test('a reload that is asked for during another one reads the file once more, and both end with it', async (t) => {
  const { reload, lines, write, names } = reloading(t);
  write(textOf('a'));
  const first = reload.reload();
  write(textOf('b'));
  const second = reload.reload();
  assert.deepEqual([await first, await second], [true, true]);
  assert.deepEqual(names(), ['https://b.example']);
  assert.equal(lines.length, 2);
  assert.equal(await reload.reload(), false);
  assert.equal(lines.length, 3);
});

test('a change of the file is taken up and told until the end; a change that leaves the issuers the same is not told', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { reload, lines, write } = reloading(t);
  let told = 0;
  /** Looks at the file until so many reloads have ended. */
  const reloaded = async (count: number) => {
    while (lines.length < count) {
      t.mock.timers.tick(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  write(textOf('a'));
  reload.watch(() => {
    told += 1;
  });
  await reloaded(1);
  write(textOf('a', 'b'));
  await reloaded(2);
  write(`# the same\n${textOf('a', 'b')}`);
  await reloaded(3);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(told, 2);
  reload.stop();
  write(textOf('c'));
  for (let turn = 0; turn < 50; turn += 1) {
    t.mock.timers.tick(500);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(lines.length, 3);
});
