// One peering by itself: found in the whole list, under the list's scope, grants and records. Upstream nothing is asked but
// that list.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notFound } from '../../../sandbox/problems.ts';
import { sendReply } from '../../../sandbox/reply.ts';
import { assertRefused } from '../../support/assert-refused.ts';
import {
  asked,
  assertProblem,
  fill,
  get,
  list,
  look,
  nobody,
  otherCluster,
  pathOf,
  put,
  recorded,
} from '../../support/call-peering.ts';
import { allowed, clusterId, guardrailsOnly, startTestGateway } from '../../support/gateway.ts';
import { head, sendRaw } from '../../support/raw-http.ts';

test('a peering on the third page is answered as it is listed, and recorded as a list of that peering', async (t) => {
  const gateway = await startTestGateway(t);
  fill(gateway, 210);
  const id = put(gateway);
  const reply = await get(gateway, id, '', { headers: { 'x-request-id': 'order-17' } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=200');
  const [, ...listed] = [...gateway.cloud.peerings(clusterId)].reverse();
  assert.equal(listed.length, 210);
  const { peeringId, privateHostedZoneId } = gateway.cloud.peerings(clusterId).at(-1) ?? {};
  const { nextStep: _, ...answered } = reply.json;
  assert.deepEqual(answered, { id, ...allowed, status: 'active', peeringId, privateHostedZoneId });
  assert.deepEqual(asked(gateway), [look, look, look, `GET /v1/database/clusters/${clusterId}`]);
  for (const { headers } of gateway.apiRequests()) assert.equal(headers['x-request-id'], 'order-17');
  assert.deepEqual(recorded(gateway), ['peering.list.outcome 1']);
  const [record] = gateway.records;
  assert.equal(record?.api.operation, 'getVPCPeering');
  assert.equal(record?.http_request.url.path, '/database/clusters/{clusterId}/vpc-peerings/{peeringId}');
  assert.deepEqual(record?.api.request.data, { clusterId, peeringId: id });
  assert.deepEqual(
    record?.resources.map(({ uid }) => uid),
    [clusterId, id],
  );
  assert.equal(record?.http_response.code, 200);
  const { requestId } = gateway.apiRequests()[2] ?? {};
  assert.equal(reply.headers['x-request-id'], requestId);
  assert.deepEqual(record?.unmapped.upstream, { sent: 'yes', status: 200, requestId });
});

test('a peering that the cluster does not have is 404, also with waiting, and a recorded refusal', async (t) => {
  const gateway = await startTestGateway(t);
  const elsewhere = put(gateway, 'active', {}, otherCluster);
  for (const [id, query] of [
    [nobody, ''],
    [elsewhere, ''],
    [nobody, '?wait=active&timeoutSeconds=300'],
  ] as const)
    assertProblem(await get(gateway, id, query), 404, 'resource:not-found');
  assert.deepEqual(asked(gateway), [look, look, look]);
  assert.deepEqual(new Set(recorded(gateway)), new Set(['peering.list.refused 2']));
  assert.equal(gateway.records[0]?.status_code, 'peering-unknown');
  assert.equal(gateway.records[0]?.api.request.data.peeringId, nobody);
});

test('a cluster id in upper case is the same id, and a peering id is compared exactly as it is listed', async (t) => {
  const gateway = await startTestGateway(t);
  const id = '3aedab2c-98c0-4c70-a85c-c3f2b7907672';
  list(gateway, [{ ...allowed, id, status: 'rejected' }]);
  const reply = await get(gateway, id, '', { cluster: clusterId.toUpperCase() });
  assert.equal(reply.json.id, id);
  assert.deepEqual(asked(gateway), [look]);
  assertProblem(await get(gateway, id.toUpperCase()), 404, 'resource:not-found');
});

test('an id that matches two peerings is 409, at once and when the second comes while the caller waits', async (t) => {
  const gateway = await startTestGateway(t);
  const id = '3aedab2c-98c0-4c70-a85c-c3f2b7907672';
  const one = { ...allowed, id, status: 'provisioning' };
  const both = [one, { ...one, id: id.toUpperCase() }];
  list(gateway, both);
  const reply = await get(gateway, id);
  assertProblem(reply, 409, 'resource:already-exists');
  assert.deepEqual(reply.json.context, { resource: 'vpc-peering', id });
  let lists = 0;
  gateway.cloud.setFault(({ path }) => {
    if (!path.startsWith('/v1')) return undefined;
    lists += 1;
    const vpcPeerings = lists === 1 ? [one] : both;
    return (_, response) => sendReply(response, { status: 200, body: { count: 1, vpcPeerings } });
  });
  const waited = await get(gateway, id, '?wait=active&timeoutSeconds=300');
  assertProblem(waited, 409, 'resource:already-exists');
  assert.deepEqual(
    gateway.records.map(({ metadata, status_code }) => `${metadata.event_code} ${status_code}`),
    ['peering.list.refused peering-ambiguous', 'peering.list.refused peering-ambiguous'],
  );
});

test('the scope is that of the list, and without it nothing is asked', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const claims = { scope: 'delete:database update:database' };
  await assertRefused(gateway, () => get(gateway, id, '?wait=active', { claims }), {
    status: 403,
    type: 'auth:unauthorized',
    recorded: 'scope-missing',
    operation: 'list',
    subject: 'svc-payments',
  });
});

test('the grant is one for lists of the cluster: account, region and block do not matter', async (t) => {
  const policy = `${guardrailsOnly}
grants:
  - id: readers
    callers: [{ claim: sub, equals: svc-payments }]
    actions: [list]
    clusters: [${clusterId}]
  - id: removers
    callers: [{ claim: sub, equals: svc-remover }]
    actions: [create, delete]
`;
  const gateway = await startTestGateway(t, { policy });
  const id = put(gateway, 'active', { accountId: '999999999999', region: 'mars-east-1' });
  assert.equal((await get(gateway, id)).status, 200);
  assert.equal(gateway.records[0]?.unmapped.decision.grant, 'readers');
  const before = gateway.apiRequests().length;
  for (const [call, code] of [
    [{ claims: { sub: 'svc-remover' } }, 'action_not_allowed'],
    [{ cluster: otherCluster }, 'cluster_not_allowed'],
    [{ claims: { sub: 'nobody' } }, 'no_grant'],
  ] as const) {
    const reply = await get(gateway, id, '?wait=active', call);
    assertProblem(reply, 403, 'auth:unauthorized');
    assert.deepEqual(
      reply.json.context.violations.map((violation) => violation.code),
      [code],
    );
    assert.equal(recorded(gateway).at(-1), 'peering.list.refused 2');
  }
  assert.equal(gateway.apiRequests().length, before);
});

test('the route takes GET and DELETE: HEAD and any other method is 405 and not recorded', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  for (const method of ['HEAD', 'POST', 'PUT', 'PATCH', 'OPTIONS']) {
    const reply = await sendRaw(
      gateway.port,
      head(`${method} ${pathOf(id)} HTTP/1.1`, { authorization }),
      method,
    );
    assert.equal(reply.status, 405, method);
    assert.equal(reply.headers['allow'], 'GET, DELETE');
  }
  assert.equal(gateway.cloud.connections, 0);
  assert.deepEqual(gateway.records, []);
});

test('a slash behind the id, or another segment, is no route', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  for (const path of [`${pathOf(id)}/`, `${pathOf(id)}/x`, pathOf(''), `${pathOf(id)}%2Fx/y`]) {
    const reply = await sendRaw(gateway.port, head(`GET ${path} HTTP/1.1`, { authorization }));
    assert.equal(reply.status, 404, path);
  }
  assert.equal(gateway.cloud.connections, 0);
});

const invalid: Readonly<Record<string, readonly string[]>> = {
  '?wait=': ['/wait'],
  '?wait': ['/wait'],
  '?wait=ACTIVE': ['/wait'],
  '?wait=deleted': ['/wait'],
  '?wait=active&wait=active': ['/wait'],
  '?timeoutSeconds=5': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=0': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=301': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=-1': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=1.5': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=1e2': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=05': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=%205': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=NaN': ['/timeoutSeconds'],
  '?wait=active&timeoutSeconds=1&timeoutSeconds=300': ['/timeoutSeconds'],
  '?limit=5': ['/limit'],
  '?wait=soon&timeoutSeconds=0&page=2': ['/page', '/wait', '/timeoutSeconds'],
  '?Wait=active': ['/Wait'],
};
test('wait and timeoutSeconds are checked, every fault named at once, before anything is asked', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  for (const [query, fields] of Object.entries(invalid)) {
    await t.test(query, async () => {
      const reply = await assertRefused(gateway, () => get(gateway, id, query), {
        status: 400,
        type: 'validation:failed',
        recorded: 'request-invalid',
        operation: 'list',
        subject: 'svc-payments',
      });
      assert.deepEqual(
        reply.json.context.invalid.map(({ field }) => field),
        fields,
      );
    });
  }
  for (const seconds of [1, 300])
    assert.equal((await get(gateway, id, `?wait=active&timeoutSeconds=${seconds}`)).status, 200);
});

test("a 4xx of Aerospike Cloud's to the list is passed on, and recorded as its refusal", async (t) => {
  const gateway = await startTestGateway(t);
  const cluster = '00000000-0000-4000-8000-000000000000';
  const reply = await get(gateway, nobody, '', { cluster });
  assert.equal(reply.status, 404);
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=404');
  assert.deepEqual(reply.json, notFound('cluster', cluster).body);
  const [record] = gateway.records;
  assert.equal(record?.metadata.event_code, 'peering.list.refused');
  assert.equal(record?.status_code, 'upstream-answered');
  assert.equal(record?.status_detail, 'Aerospike Cloud answered 404 to the read for the peering.');
});

test('an upstream that cannot be asked is a 502 that says so, with and without waiting, and is recorded', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway, 'provisioning');
  gateway.cloud.setFault(({ path }) =>
    path.startsWith('/v1') ? (_, response) => sendReply(response, { status: 500, body: {} }) : undefined,
  );
  for (const query of ['', '?wait=active&timeoutSeconds=300']) {
    const reply = await get(gateway, id, query);
    assertProblem(reply, 502, 'system:unavailable', 'http_protocol_error; received-status=500');
    assert.deepEqual(reply.json.context, { sent: 'no' });
  }
  assert.deepEqual(
    gateway.records.map(({ metadata, status_code }) => `${metadata.event_code} ${status_code}`),
    ['peering.list.refused preflight-failed', 'peering.list.refused preflight-failed'],
  );
});

test('when records cannot be written, nothing is asked and the caller gets 503', async (t) => {
  const gateway = await startTestGateway(t, { sink: { write: () => Promise.reject(new Error('full')) } });
  const reply = await get(gateway, put(gateway));
  assertProblem(reply, 503, 'system:unavailable', 'proxy_internal_error');
  assert.equal(gateway.cloud.connections, 0);
});
