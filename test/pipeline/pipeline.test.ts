// The way of a create through `serve()`, as a function of values: its answer, its records and the order of its stages.
import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { type TestContext, test } from 'node:test';
import { GatewayError } from '../../src/errors.ts';
import type { Answer } from '../../src/pipeline/answer.ts';
import { allowed, clusterId, peeringsPath } from '../support/gateway.ts';
import type { ReplyBody } from '../support/reply-body.ts';
import { startPipeline } from './memory-pipeline.ts';

const key = { 'idempotency-key': 'order-17' };
const cluster = `/v1/database/clusters/${clusterId}`;
const peerings = `/v1${peeringsPath}`;
const admitted = ['stage authenticate', 'stage verify', 'stage parse', 'stage authorize'];
const guarded = ['stage idempotency', 'stage lock'];
const preflight = [`send GET ${cluster}`, `send GET ${peerings}`, 'stage preflight'];
const forwarded = [
  'record peering.create.intent',
  'stage record',
  `send POST ${peerings}`,
  'stage forward',
  'record peering.create.outcome',
];

const jsonOf = ({ body }: Answer): ReplyBody => JSON.parse(String(body));

/** The `GatewayError` that a create ends with. */
async function refusalOf(create: Promise<Answer>): Promise<GatewayError> {
  const error = await create.then(
    ({ status }) => assert.fail(`answered ${status}`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof GatewayError, String(error));
  return error;
}

/** Fails the test if it opens a socket or a server. */
function forbidSockets(t: TestContext): void {
  const opened: string[] = [];
  for (const name of ['net.client.socket', 'tracing:net.server.listen:asyncStart', 'net.server.socket']) {
    const listener = () => void opened.push(name);
    diagnostics.subscribe(name, listener);
    t.after(() => diagnostics.unsubscribe(name, listener));
  }
  t.after(() => assert.deepEqual(opened, []));
}

test('an allowed create passes every stage in its order, and its intent is recorded before it is sent', async (t) => {
  forbidSockets(t);
  const { create, records, journal, core } = startPipeline(t);
  const answer = await create({ headers: key });
  assert.deepEqual(journal, [...admitted, ...guarded, ...preflight, ...forwarded]);
  assert.equal(answer.status, 201);
  assert.deepEqual(answer.headers, {
    'Content-Type': 'application/json',
    'Proxy-Status': 'peergate; received-status=201',
  });
  const [peering] = core.cluster(clusterId).list();
  assert.equal(jsonOf(answer).id, peering?.id);
  const [intent, outcome] = records;
  assert.equal(intent?.actor.user.uid, 'svc-payments');
  assert.deepEqual([intent?.status, outcome?.status], ['Approved', 'Success']);
  assert.equal(outcome?.api.request.uid, intent?.api.request.uid);
  assert.equal(outcome?.unmapped.upstream.sent, 'yes');
  assert.equal(outcome?.unmapped.upstream.resourceId, peering?.id);
});

test('a denied create ends before every guard: nothing is sent, and its refusal is recorded', async (t) => {
  const { create, records, journal, core } = startPipeline(t);
  const error = await refusalOf(create({ headers: key, body: { ...allowed, accountId: '999988887777' } }));
  assert.deepEqual(journal, [...admitted, 'record peering.create.refused']);
  assert.equal(error.code, 'policy-denied');
  assert.deepEqual(core.cluster(clusterId).list(), []);
  const [refused] = records;
  assert.equal(refused?.status_code, 'policy-denied');
  assert.equal(refused?.action, 'Denied');
  assert.equal(refused?.unmapped.upstream.sent, 'no');
  assert.equal(refused?.actor.user.uid, 'svc-payments');
});

test('a repeated create gets the stored answer: it is not checked, not sent, and recorded as a replay', async (t) => {
  const { create, records, journal, core } = startPipeline(t);
  const first = await create({ headers: key });
  journal.length = 0;
  const second = await create({ headers: key });
  assert.deepEqual(journal, [...admitted, 'stage idempotency', 'record peering.create.outcome']);
  assert.equal(second.status, 201);
  assert.deepEqual(second.body, first.body);
  assert.equal(second.headers['Idempotency-Replayed'], 'true');
  assert.equal(core.cluster(clusterId).list().length, 1);
  const [intent, , replayed] = records;
  assert.equal(replayed?.status_code, 'replayed');
  assert.deepEqual(replayed?.unmapped.upstream, { sent: 'no' });
  assert.equal(replayed?.unmapped.replayed.first, intent?.api.request.uid);
  assert.notEqual(replayed?.api.request.uid, intent?.api.request.uid);
});

test('a create that preflight refuses has no intent, and releases its key and its lock', async (t) => {
  const { create, records, journal, core } = startPipeline(t);
  const overlapping = core.cluster(clusterId).add({ ...allowed, vpcId: 'vpc-0fedcba9876543210' }, Date.now());
  const error = await refusalOf(create({ headers: key }));
  assert.deepEqual(journal, [...admitted, ...guarded, ...preflight, 'record peering.create.refused']);
  assert.equal(error.code, 'cidr-overlap');
  assert.deepEqual(
    records.map(({ status_code }) => status_code),
    ['cidr-overlap'],
  );
  overlapping.forced = 'deleted';
  journal.length = 0;
  // The cluster's block is kept: it never changes.
  const [, listRead = '', end = ''] = preflight;
  assert.equal((await create({ headers: key })).status, 201);
  assert.deepEqual(journal, [...admitted, ...guarded, listRead, end, ...forwarded]);
});

test('a create with a token that does not verify is refused before anything of it is read', async (t) => {
  const { create, records, journal } = startPipeline(t);
  const error = await refusalOf(create({ token: 'a-bad-token' }));
  assert.deepEqual(journal, ['stage authenticate', 'stage verify', 'record peering.create.refused']);
  assert.equal(error.code, 'token-invalid');
  assert.deepEqual(
    records.map(({ actor }) => actor.user.name),
    ['unverified'],
  );
});
