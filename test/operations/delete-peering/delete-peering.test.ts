// The delete, from the caller's request to the upstream's and back: what is looked up, what is sent, and what is recorded.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  asked,
  assertProblem,
  deletes,
  fill,
  list,
  look,
  nobody,
  pathOf,
  put,
  recorded,
  remove,
  vpcNumber,
} from '../../support/call-peering.ts';
import { allowed, clusterId, startTestGateway } from '../../support/gateway.ts';
import { head, openRaw, sendRaw } from '../../support/raw-http.ts';

const done = ['peering.delete.intent 99', 'peering.delete.outcome 1'];

test('an allowed delete is looked up and sent once, without a body, under the credential of the gateway', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const token = await gateway.issuer.sign({ scope: 'delete:database' });
  const reply = await gateway.call({
    method: 'DELETE',
    path: pathOf(id),
    headers: {
      authorization: `Bearer ${token}`,
      'x-request-id': 'order-17',
      'x-forwarded-for': '198.51.100.7',
      cookie: 'session=secret',
    },
  });
  assert.equal(reply.status, 204);
  assert.equal(reply.text, '');
  assert.equal(reply.headers['proxy-status'], 'peergate; received-status=204');
  assert.deepEqual(asked(gateway), [look, `DELETE /v1${pathOf(id)}`]);
  const [listed, sent] = gateway.apiRequests();
  for (const request of [listed, sent]) {
    assert.equal(request?.body, '');
    assert.equal(request?.headers['x-request-id'], 'order-17');
    assert.notEqual(request?.headers.authorization, `Bearer ${token}`);
  }
  assert.deepEqual(Object.keys(sent?.headers as object).sort(), [
    'accept',
    'authorization',
    'connection',
    'host',
    'user-agent',
    'x-request-id',
  ]);
});

test('an allowed delete leaves an intent and an outcome that say who deleted what, and where it lay', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const reply = await remove(gateway, id);
  assert.deepEqual(recorded(gateway), done);
  const { vpcId, cidrBlock, accountId, region } = allowed;
  for (const record of gateway.records) {
    assert.equal(record.actor.user.uid, 'svc-payments');
    assert.equal(record.api.operation, 'deleteVPCPeerings');
    assert.equal(record.activity_name, 'Delete');
    assert.equal(record.http_request.http_method, 'DELETE');
    assert.equal(record.http_request.url.path, '/database/clusters/{clusterId}/vpc-peerings/{peeringId}');
    assert.deepEqual(record.api.request.data, {
      clusterId,
      peeringId: id,
      vpcId,
      cidrBlock,
      accountId,
      region,
    });
    assert.equal(record.api.request.uid, reply.headers['x-gateway-request-id']);
    assert.equal(record.unmapped.decision.effect, 'allow');
    assert.deepEqual(
      record.resources.map(({ uid }: { uid: string }) => uid),
      [clusterId, vpcId, id],
    );
    assert.equal(record.resources[1]?.owner.account.uid, accountId);
  }
  assert.deepEqual(gateway.records[1]?.unmapped.upstream, {
    sent: 'yes',
    status: 204,
    requestId: reply.headers['x-request-id'],
  });
});

test('a peering on the third page of the list is found, and its own account is what counts', async (t) => {
  const gateway = await startTestGateway(t);
  fill(gateway, 230);
  const foreign = put(gateway, 'active', { accountId: '444455556666' });
  const id = put(gateway);
  assert.equal((await remove(gateway, id)).status, 204);
  assert.deepEqual(asked(gateway), [look, look, look, `DELETE /v1${pathOf(id)}`]);
  assert.equal((await remove(gateway, foreign)).status, 403);
  assert.equal(deletes(gateway).length, 1);
});

test('a cluster id in upper case is the same id: looked up, sent and recorded in lower case', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const reply = await remove(gateway, id, { cluster: clusterId.toUpperCase() });
  assert.equal(reply.status, 204);
  assert.deepEqual(asked(gateway), [look, `DELETE /v1${pathOf(id)}`]);
});

const listedId = '3aedab2c-98c0-4c70-a85c-c3f2b7907672';

test('a peering id is compared exactly as it is listed, and goes upstream and into the record like that', async (t) => {
  const gateway = await startTestGateway(t);
  const upper = listedId.toUpperCase();
  list(gateway, [{ ...allowed, id: upper }]);
  const reply = await remove(gateway, listedId);
  assertProblem(reply, 404, 'resource:not-found');
  assert.equal(gateway.records[0]?.api.request.data.peeringId, listedId);
  assert.equal(deletes(gateway).length, 0);
  await remove(gateway, upper);
  assert.deepEqual(
    deletes(gateway).map(({ path }) => path),
    [`/v1${pathOf(upper)}`],
  );
  assert.equal(gateway.records.at(-1)?.api.request.data.peeringId, upper);
});

const foreign = { ...allowed, accountId: '444455556666', vpcId: vpcNumber(1) };
const ofTwo: Readonly<Record<string, readonly object[]>> = {
  'ids that differ only in letter case': [
    { ...foreign, id: listedId.toUpperCase() },
    { ...allowed, id: listedId },
  ],
  'one id, in different accounts': [
    { ...allowed, id: listedId },
    { ...foreign, id: listedId },
  ],
};
for (const [what, listed] of Object.entries(ofTwo)) {
  test(`a delete whose id matches two peerings (${what}) is 409 and changes nothing`, async (t) => {
    const gateway = await startTestGateway(t);
    for (const entries of [listed, [...listed].reverse()]) {
      list(gateway, entries);
      for (const id of what.startsWith('one') ? [listedId] : [listedId, listedId.toUpperCase()]) {
        const reply = await remove(gateway, id);
        assertProblem(reply, 409, 'resource:already-exists');
        assert.deepEqual(reply.json.context, { resource: 'vpc-peering', id });
        const record = gateway.records.at(-1);
        assert.equal(record?.status_code, 'peering-ambiguous');
        assert.equal(record?.unmapped.upstream.sent, 'no');
      }
    }
    assert.equal(deletes(gateway).length, 0);
    assert.deepEqual(new Set(recorded(gateway)), new Set(['peering.delete.refused 2']));
  });
}

test('a peering that the cluster does not have is a recorded 404, and nothing is sent but the list', async (t) => {
  const gateway = await startTestGateway(t);
  const elsewhere = put(gateway, 'active', {}, 'b27d1f60-93c8-4f0e-8a55-7d1c2e9f4a22');
  for (const id of [nobody, elsewhere]) {
    const reply = await remove(gateway, id);
    assertProblem(reply, 404, 'resource:not-found');
    assert.equal(gateway.records.at(-1)?.status_code, 'peering-unknown');
    assert.equal(gateway.records.at(-1)?.api.request.data.peeringId, id);
  }
  assert.deepEqual(asked(gateway), [look, look]);
  assert.deepEqual(recorded(gateway), ['peering.delete.refused 2', 'peering.delete.refused 2']);
});

test('a peering id that is no UUID is refused before anything is looked up', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const forms = [
    id.replaceAll('-', ''),
    `{${id}}`,
    `urn:uuid:${id}`,
    `${id}0`,
    id.replace(/.$/, 'g'),
    `${id}%20`,
    `%2e%2e`,
    '..',
    '*',
    'null',
  ];
  for (const form of forms) {
    await t.test(form, async () => {
      const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'delete:database' })}`;
      const reply = await sendRaw(gateway.port, head(`DELETE ${pathOf(form)} HTTP/1.1`, { authorization }));
      assertProblem(reply, 400, 'validation:failed');
      assert.deepEqual(
        reply.json.context.invalid.map(({ field }: { field: string }) => field),
        ['/peeringId'],
      );
    });
  }
  assert.equal(gateway.cloud.connections, 0);
  assert.deepEqual(new Set(recorded(gateway)), new Set(['peering.delete.refused 2']));
});

test('every fault of ids and query is named at once, and a delete has no parameters, dryRun included', async (t) => {
  const gateway = await startTestGateway(t);
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'delete:database' })}`;
  const path = `${pathOf('x', 'y')}?dryRun=true&force=1`;
  const reply = await gateway.call({ method: 'DELETE', path, headers: { authorization } });
  assertProblem(reply, 400, 'validation:failed');
  assert.deepEqual(
    reply.json.context.invalid.map(({ field }: { field: string }) => field),
    ['/clusterId', '/peeringId', '/dryRun', '/force'],
  );
  assert.equal(gateway.cloud.connections, 0);
});

test('a body is neither read as anything nor sent on, and the next request on the connection is its own', async (t) => {
  const gateway = await startTestGateway(t);
  const [first, second] = [put(gateway), put(gateway)];
  const authorization = `Bearer ${await gateway.issuer.sign({ scope: 'delete:database' })}`;
  const body = JSON.stringify({ accountId: '444455556666', region: 'mars-1', id: second });
  const connection = await openRaw(gateway.port);
  const fields = { authorization, 'Content-Type': 'application/json' };
  connection.write(
    head(`DELETE ${pathOf(first)} HTTP/1.1`, { ...fields, 'Content-Length': String(body.length) }) + body,
  );
  assert.equal((await connection.answer('DELETE')).status, 204);
  connection.write(head(`DELETE ${pathOf(second)} HTTP/1.1`, fields));
  assert.equal((await connection.answer('DELETE')).status, 204);
  connection.destroy();
  assert.deepEqual(
    deletes(gateway).map(({ path, body: sent }) => `${path} ${sent}`),
    [`/v1${pathOf(first)} `, `/v1${pathOf(second)} `],
  );
});

test('an Idempotency-Key means nothing to a delete, whatever it looks like, and goes no further', async (t) => {
  const gateway = await startTestGateway(t);
  for (const key of ['order-17', 'order-17', 'order 17']) {
    const reply = await remove(gateway, put(gateway), { headers: { 'idempotency-key': key } });
    assert.equal(reply.status, 204);
    assert.equal(reply.headers['idempotency-replayed'], undefined);
  }
  assert.equal(deletes(gateway).length, 3);
  assert.doesNotMatch(JSON.stringify(gateway.apiRequests()) + gateway.output(), /order.17/);
});

test('two deletes of one peering at once are each looked up, decided, sent and recorded', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const replies = await Promise.all([remove(gateway, id), remove(gateway, id)]);
  for (const { status } of replies) assert.ok(status === 204 || status === 404, String(status));
  assert.ok(replies.some(({ status }) => status === 204));
  assert.equal(deletes(gateway).length, 2);
  const outcomes = gateway.records.filter(({ metadata }) => metadata.event_code.endsWith('.outcome'));
  const byRequest = (uid: unknown) => outcomes.find(({ api }) => api.request.uid === uid);
  for (const { status, headers } of replies)
    assert.equal(byRequest(headers['x-gateway-request-id'])?.http_response.code, status);
});
