// A gateway that is killed again and again under load, on one audit file: no create reaches Aerospike Cloud without its
// intent in the file, the chain is never broken, and in the end no question is open.
//
// PEERGATE_KILL_ROUNDS: how often it is killed under load (5). After every fifth of these, a start is killed, too, and a
// gateway is told to stop under load. PEERGATE_KILL_SEED: the seed of all chance; a failure names it.
import assert from 'node:assert/strict';
import { appendFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../support/until.ts';
import { assertAgreement, assertAnswersRecorded, assertIntentsFirst, assertSetAside } from './kill-checks.ts';
import { Load } from './kill-load.ts';
import { checkLeftLog, openCreates } from './kill-log.ts';
import { randomFrom } from './kill-random.ts';
import { runAuditVerify, type Site, startSite } from './kill-site.ts';

const rounds = Number(process.env['PEERGATE_KILL_ROUNDS'] ?? 5);
const seed = Number(process.env['PEERGATE_KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 32));
const startMs = 20_000;

interface Story extends Site {
  readonly random: () => number;
  readonly load: Load;
  /** Last lines that were never finished, as each crash left them. */
  readonly tornTails: Buffer[];
  kills: number;
  killedStarts: number;
  stops: number;
  halfLines: number;
}

/** Runs a gateway under load until `end` has ended it, at a random moment after its first create. */
async function underLoad(story: Story, end: 'kill' | 'stop'): Promise<void> {
  const { records: ofEarlierRuns } = await checkLeftLog(story.auditFile);
  const earlier = ofEarlierRuns.length;
  const gateway = story.spawnGateway();
  const { port } = await gateway.listening(startMs);
  const before = story.load.sent.length;
  const load = await story.load.start(port);
  await until('a create is made', () => story.load.sent.slice(before).some(({ status }) => status === 201));
  await delay(story.random() * 500);
  const stopped = end === 'kill' ? gateway.kill() : gateway.stop();
  await load.stop();
  await stopped;
  const ended = await gateway.ended;
  assert.equal(ended, end === 'kill' ? 'was ended by SIGKILL' : 'ended with status 0');
  const answers = story.load.sent.slice(before);
  const odd = answers.filter(({ status }) => ![201, 503, undefined].includes(status));
  assert.deepEqual(odd, []);
  const { records, torn } = await checkLeftLog(story.auditFile);
  assertAnswersRecorded(records, answers);
  if (end === 'kill') return await keepTorn(story, torn);
  // Who is told to stop leaves nothing behind.
  assert.equal(torn.length, 0);
  const open = await openCreates(story.auditFile);
  assert.deepEqual(
    open.filter(({ metadata }) => metadata.sequence > earlier),
    [],
  );
}

/** A process that is killed seldom leaves half a line; a machine that loses its power does. So some are made up. */
async function keepTorn(story: Story, torn: Buffer): Promise<void> {
  if (torn.length > 0) story.tornTails.push(torn);
  else if (story.random() < 0.4) {
    const half = Buffer.from('{"category_uid":6,"category_name":"Application Activity","class_uid":6003,"cl');
    const bytes = half.subarray(0, 1 + Math.floor(story.random() * half.length));
    await appendFile(story.auditFile, bytes);
    story.tornTails.push(bytes);
    story.halfLines += 1;
  }
}

/** Killed anywhere between its first instruction and its first requests, while it brings the file into order. */
async function killStart(story: Story): Promise<void> {
  const gateway = story.spawnGateway();
  await delay(story.random() * 900);
  gateway.kill();
  await gateway.ended;
  const { torn } = await checkLeftLog(story.auditFile);
  const known = story.tornTails.at(-1);
  if (torn.length > 0 && known?.equals(torn) !== true) story.tornTails.push(torn);
}

/** The last start: waits until every question is answered. */
async function reconcile(story: Story): Promise<void> {
  const gateway = story.spawnGateway();
  await gateway.listening(startMs);
  await until(
    'every create is settled',
    async () => (await openCreates(story.auditFile)).length === 0,
    60_000,
  );
  await gateway.stop();
  assert.equal(await gateway.ended, 'ended with status 0');
}

async function run(t: TestContext): Promise<void> {
  const random = randomFrom(seed);
  const site = await startSite(t, random);
  const counts = { kills: 0, killedStarts: 0, stops: 0, halfLines: 0 };
  const story: Story = { ...site, ...counts, random, load: new Load(site.issuer), tornTails: [] };
  const began = performance.now();
  for (let round = 1; round <= rounds; round += 1) {
    await underLoad(story, 'kill');
    story.kills += 1;
    if (round % 5 !== 0) continue;
    await killStart(story);
    story.killedStarts += 1;
    await underLoad(story, 'stop');
    story.stops += 1;
  }
  await reconcile(story);
  const verified = await runAuditVerify(story.auditFile);
  assert.equal(verified.status, 0, verified.text);
  const { records, torn } = await checkLeftLog(story.auditFile);
  assert.equal(torn.length, 0);
  const setAside = await assertSetAside(story, story.tornTails, records);
  const { intents, outcomes, found, absent, peerings } = assertAgreement(story, records);
  assertIntentsFirst(story, intents);
  assert.equal(peerings.length, story.posts.length);
  assert.ok(found.length > 0, 'no kill has caught a create upstream: nothing was tried');
  const figures = {
    seed,
    kills: story.kills,
    killedStarts: story.killedStarts,
    stops: story.stops,
    creates: story.load.sent.length,
    posts: story.posts.length,
    intents: intents.length,
    outcomes: outcomes.length,
    found: found.length,
    absent: absent.length,
    setAside,
    ofThemMadeUp: story.halfLines,
    records: records.length,
    seconds: Math.round((performance.now() - began) / 1000),
  };
  t.diagnostic(JSON.stringify(figures));
}

test('a gateway killed under load never forwards what is not recorded, and leaves no question open', async (t) => {
  try {
    await run(t);
  } catch (error) {
    throw new Error(`with PEERGATE_KILL_SEED=${seed}`, { cause: error });
  }
});
