// No record, no forwarding: what callers, the upstream and the audit log see of a sink in trouble, through the whole
// gateway.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertChain, FaultySink, startCodes } from '../audit/log/faulty-sink.ts';
import { allowed, type Reply, send, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/until.ts';

const readiness = (gateway: TestGateway): Promise<Reply> => send(gateway.adminUrl, { path: '/readyz' });

function assertAuditUnavailable(answer: Reply): void {
  assert.equal(answer.status, 503);
  assert.equal(answer.headers['content-type'], 'application/problem+json');
  assert.equal(answer.json.type, 'urn:aerospike:errors:system:unavailable');
  assert.equal(answer.headers['retry-after'], '2');
  assert.equal(
    answer.headers['proxy-status'],
    'peergate; error=proxy_internal_error; details="audit-unavailable"',
  );
  assert.equal(answer.headers['www-authenticate'], undefined);
  assert.equal(answer.json.context, undefined);
}

async function assertAuditNotReady(gateway: TestGateway): Promise<void> {
  const { status, json } = await readiness(gateway);
  assert.equal(status, 503);
  assert.deepEqual(json.checks, { policy: true, keys: true, audit: false, notStopping: true });
}

const becomesReady = (gateway: TestGateway): Promise<void> =>
  until('the gateway is ready', async () => (await readiness(gateway)).status === 200);

/** A gateway that has its keys. */
async function start(test: Parameters<typeof startTestGateway>[0]) {
  const sink = new FaultySink();
  const gateway = await startTestGateway(test, { sink });
  await becomesReady(gateway);
  return { sink, gateway };
}

test('when the sink rejects, a create is a 503 and is not sent; all is well when it works again', async (t) => {
  const { sink, gateway } = await start(t);
  sink.mode = () => 'rejects';
  assertAuditUnavailable(await gateway.create());
  assertAuditUnavailable(await gateway.create());
  assert.deepEqual(gateway.forwarded(), []);
  await assertAuditNotReady(gateway);
  sink.mode = () => 'works';
  await becomesReady(gateway);
  assert.equal((await gateway.create()).status, 201);
  assert.equal(gateway.forwarded().length, 1);
  const create = ['peering.create.intent', 'peering.create.outcome'];
  assert.deepEqual(sink.codes, [...create, ...create]);
  assertChain(sink.lines);
});

test('the outcome behind an intent that was not taken says that nothing was sent, and why', async (t) => {
  const { sink, gateway } = await start(t);
  sink.mode = () => 'rejects';
  const answer = await gateway.create();
  sink.mode = () => 'works';
  await becomesReady(gateway);
  const [intent, outcome] = sink.requestRecords;
  assert.equal(intent?.api.request.uid, answer.headers['x-gateway-request-id']);
  assert.equal(outcome?.api.request.uid, answer.headers['x-gateway-request-id']);
  assert.equal(outcome?.status_id, 2);
  assert.equal(outcome?.status_code, 'audit-unavailable');
  assert.equal(outcome?.http_response.code, 503);
  assert.deepEqual(outcome?.unmapped.upstream, { sent: 'no' });
});

test('when the sink hangs, creates are 503, nothing is sent, and a late intent is followed by its end', async (t) => {
  const { sink, gateway } = await start(t);
  sink.mode = () => 'hangs';
  const late = await gateway.create();
  assertAuditUnavailable(late);
  const offered = sink.offered.length;
  assertAuditUnavailable(await gateway.create());
  assert.equal(sink.offered.length, offered);
  assert.deepEqual(gateway.forwarded(), []);
  await assertAuditNotReady(gateway);
  sink.release();
  await becomesReady(gateway);
  assert.deepEqual(sink.codes, ['peering.create.intent', 'peering.create.outcome']);
  const [intent, outcome] = sink.requestRecords;
  assert.equal(intent?.api.request.uid, late.headers['x-gateway-request-id']);
  assert.equal(outcome?.api.request.uid, late.headers['x-gateway-request-id']);
  assert.deepEqual(outcome?.unmapped.upstream, { sent: 'no' });
  assert.equal((await gateway.create()).status, 201);
  assert.equal(gateway.forwarded().length, 1);
  assertChain(sink.lines);
});

test('a refusal that cannot be recorded is not given: 503 in its place', async (t) => {
  const { sink, gateway } = await start(t);
  sink.mode = () => 'rejects';
  const refusals: Record<string, () => Promise<Reply>> = {
    'a token that is no good': () => gateway.call({ headers: { authorization: 'Bearer forged' } }),
    'a scope that is missing': async () =>
      gateway.call({ headers: { authorization: `Bearer ${await gateway.issuer.sign({ scope: '' })}` } }),
    'a body that is wrong': () => gateway.create({}),
    'a policy that says no': () => gateway.create({ ...allowed, accountId: '999999999999' }),
  };
  for (const [what, refuse] of Object.entries(refusals)) {
    await t.test(what, async () => assertAuditUnavailable(await refuse()));
  }
  assert.equal(gateway.cloud.connections, 0);
  assert.equal(sink.codes.length, 0);
});

test('what needs no record is answered while the sink is in trouble', async (t) => {
  const { sink, gateway } = await start(t);
  sink.mode = () => 'rejects';
  assertAuditUnavailable(await gateway.create());
  assert.equal((await gateway.call({})).status, 401);
  assert.equal((await gateway.call({ path: '/nowhere' })).status, 404);
  assert.equal((await gateway.call({ path: '/openapi.json' })).status, 200);
  assert.equal((await send(gateway.adminUrl, { path: '/healthz' })).status, 200);
});

test('a list is not forwarded while its outcome could not be recorded', async (t) => {
  const { sink, gateway } = await start(t);
  sink.mode = () => 'rejects';
  assertAuditUnavailable(await gateway.create());
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  assertAuditUnavailable(await gateway.call({ headers: { authorization } }));
  assert.deepEqual(gateway.forwarded(), []);
});

for (const mode of ['rejects', 'hangs'] as const) {
  test(`an outcome that the sink ${mode} does not hide the answer of the upstream, and is written later`, async (t) => {
    const { sink, gateway } = await start(t);
    sink.mode = (code) => (code === 'peering.create.outcome' ? mode : 'works');
    const answer = await gateway.create();
    assert.equal(answer.status, 201);
    assert.equal(answer.headers['proxy-status'], 'peergate; received-status=201');
    assert.deepEqual(sink.codes, ['peering.create.intent']);
    await assertAuditNotReady(gateway);
    assert.ok(gateway.logs.some(({ msg }) => msg === 'failed to record the outcome of a request'));
    assertAuditUnavailable(await gateway.create());
    assert.equal(gateway.forwarded().length, 1);
    sink.release();
    await becomesReady(gateway);
    assert.deepEqual(sink.codes, ['peering.create.intent', 'peering.create.outcome']);
    assert.equal(sink.requestRecords[1]?.unmapped.upstream.resourceId, answer.json.id);
    assertChain(sink.lines);
  });
}

test('a gateway that starts with a broken sink is not ready, and records its start and its policy first when it can', async (t) => {
  const sink = new FaultySink();
  sink.mode = () => 'rejects';
  const gateway = await startTestGateway(t, { sink });
  await until('the keys are known', async () => (await readiness(gateway)).json.checks.keys === true);
  await assertAuditNotReady(gateway);
  assertAuditUnavailable(await gateway.create());
  assert.deepEqual(gateway.forwarded(), []);
  sink.mode = () => 'works';
  await becomesReady(gateway);
  assert.deepEqual(
    sink.records.slice(0, 3).map(({ metadata }) => [metadata.event_code, metadata.sequence]),
    startCodes.map((code, index) => [code, index + 1]),
  );
  assert.equal((await gateway.create()).status, 201);
  assertChain(sink.lines);
});
