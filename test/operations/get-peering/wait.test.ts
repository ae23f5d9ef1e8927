// Waiting for a peering: the answer comes when it rests, when the time is over, and never later for an upstream that hangs or
// fails meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendReply } from '../../../sandbox/reply.ts';
import { assertProblem, get, put, recorded } from '../../support/call-peering.ts';
import {
  clusterId,
  peeringsPath,
  type Reply,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';
import { until } from '../../support/until.ts';

const wait = (gateway: TestGateway, id: string, seconds = 300): Promise<Reply> =>
  get(gateway, id, `?wait=active&timeoutSeconds=${seconds}`);
const lists = (gateway: TestGateway) =>
  gateway.apiRequests().filter(({ path }) => path.includes(peeringsPath)).length;

/** Nothing but the wait itself ends in time. */
const patient = { environment: { UPSTREAM_TIMEOUT_MS: '120000' } };

/** The wait is under way: its first list has been answered. */
const waiting = (gateway: TestGateway) => until('a wait', () => lists(gateway) >= 1);

for (const status of ['active', 'rejected', 'expired', 'failed', 'deleted'] as const) {
  test(`a peering that is ${status} already is answered at once, and one that becomes so as soon as it is seen`, async (t) => {
    const gateway = await startTestGateway(t);
    const already = await wait(gateway, put(gateway, status));
    assert.deepEqual([already.status, already.json.status], [200, status]);
    assert.equal(lists(gateway), 1);
    const id = put(gateway, 'provisioning');
    const answer = wait(gateway, id);
    await until('the first list', () => lists(gateway) >= 2);
    gateway.cloud.setStatus(id, status);
    const reply = await answer;
    assert.deepEqual([reply.status, reply.json.status], [200, status]);
    assert.equal(reply.headers['retry-after'], undefined);
    assert.deepEqual(recorded(gateway), ['peering.list.outcome 1', 'peering.list.outcome 1']);
  });
}

for (const status of [
  'initiating-request',
  'pending-acceptance',
  'not-operable',
  'provisioning',
  'deleting',
] as const) {
  test(`when the time is over a peering that is ${status} is answered as it was seen, with 202 and Retry-After`, async (t) => {
    const gateway = await startTestGateway(t);
    const id = put(gateway, status);
    const reply = await wait(gateway, id, 1);
    assert.deepEqual([reply.status, reply.json.id, reply.json.status], [202, id, status]);
    assert.match(String(reply.headers['retry-after']), /^[1-9]\d*$/);
    assert.equal(reply.headers['proxy-status'], 'peergate; received-status=200');
    assert.equal(reply.json.nextStep !== undefined, status === 'pending-acceptance');
    const [record] = gateway.records;
    assert.equal(record?.status_id, 1);
    assert.equal(record?.http_response.code, 202);
    assert.equal(record?.status_detail, 'Aerospike Cloud answered 200.');
    assert.equal(record?.unmapped.upstream.status, 200);
  });
}

test('without waiting, a peering on its way is a 200 at once', async (t) => {
  const gateway = await startTestGateway(t);
  const reply = await get(gateway, put(gateway, 'provisioning'));
  assert.deepEqual([reply.status, reply.json.status], [200, 'provisioning']);
  assert.equal(reply.headers['retry-after'], undefined);
  assert.equal(lists(gateway), 1);
});

test('a peering that vanishes while it is waited for is a 404', async (t) => {
  const gateway = await startTestGateway(t, { cloud: { keptPeerings: 1 } });
  const answer = wait(gateway, put(gateway, 'provisioning'));
  await waiting(gateway);
  put(gateway);
  assertProblem(await answer, 404, 'resource:not-found');
  assert.deepEqual(recorded(gateway), ['peering.list.refused 2']);
  assert.equal(gateway.records[0]?.status_code, 'peering-unknown');
});

test('an upstream that fails meanwhile is asked again, and the wait ends as if it had not', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway, 'provisioning');
  const answer = wait(gateway, id);
  await waiting(gateway);
  let failures = 0;
  gateway.cloud.setFault(({ path }) => {
    if (!path.startsWith('/v1') || failures === 2) return undefined;
    failures += 1;
    gateway.cloud.setStatus(id, 'active');
    return (_, response) => sendReply(response, { status: 500, body: {} });
  });
  const reply = await answer;
  assert.deepEqual([failures, reply.status, reply.json.status], [2, 200, 'active']);
});

test('a cluster that goes away during a wait gets the answer of Aerospike Cloud', async (t) => {
  const gateway = await startTestGateway(t);
  const answer = wait(gateway, put(gateway, 'provisioning'));
  await waiting(gateway);
  gateway.cloud.setFault(({ path }) =>
    path.startsWith('/v1') ? (_, response) => sendReply(response, { status: 404, body: {} }) : undefined,
  );
  const reply = await answer;
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=404');
  assert.deepEqual(recorded(gateway), ['peering.list.refused 2']);
});

test('an upstream that hangs in the middle stretches no wait: the answer is what was seen before', async (t) => {
  const gateway = await startTestGateway(t, patient);
  const id = put(gateway, 'pending-acceptance');
  const answer = wait(gateway, id, 2);
  await until('the first look, and one at the cluster', () => gateway.apiRequests().length >= 2);
  let hung = 0;
  gateway.cloud.setFault(({ path }) => {
    if (!path.startsWith('/v1')) return undefined;
    hung += 1;
    return () => undefined;
  });
  const reply = await answer;
  assert.deepEqual([reply.status, reply.json.status], [202, 'pending-acceptance']);
  assert.match(
    String(reply.json.nextStep.afterwards[0]?.command),
    /--destination-cidr-block 10\.128\.0\.0\/19 /,
  );
  assert.equal(hung, 1);
});

test('a read of the cluster that hangs stretches no wait either: the next step comes without its routes', async (t) => {
  const gateway = await startTestGateway(t, patient);
  const id = put(gateway, 'pending-acceptance');
  const started = Promise.withResolvers<void>();
  gateway.cloud.setFault(({ path }) => {
    if (!path.endsWith(`/clusters/${clusterId}`)) return undefined;
    return () => started.resolve();
  });
  const reply = await wait(gateway, id, 1);
  await started.promise;
  assert.equal(reply.status, 202);
  assert.deepEqual(
    reply.json.nextStep.afterwards.map(({ command }) => command?.split(' ')[1]),
    ['route53'],
  );
});
