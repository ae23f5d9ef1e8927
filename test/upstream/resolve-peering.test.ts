// The three forms of a peering's id: which peering each one names, and what goes upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, deletes, get, list, pathOf, put, remove } from '../support/call-peering.ts';
import { startTestGateway } from '../support/gateway.ts';

const vpcId = 'vpc-0123456789abcdef0';
const listed = (id: string, status: string, more: object = {}) => ({
  id,
  status,
  vpcId,
  accountId: '111122223333',
  region: 'us-east-1',
  cidrBlock: '10.20.4.0/22',
  ...more,
});
const one = '11111111-0000-4000-8000-000000000001';
const two = '22222222-0000-4000-8000-000000000002';

test('a peering is read and deleted by its pcx-… and by its VPC, and the UUID goes upstream and into the record', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const [peering] = gateway.cloud.peerings(pathOf(id).split('/')[3] ?? '');
  for (const name of [peering?.peeringId ?? '', vpcId]) {
    const reply = await get(gateway, name);
    assert.equal(reply.status, 200, reply.text);
    assert.equal(reply.json.id, id);
  }
  assert.equal((await remove(gateway, peering?.peeringId ?? '')).status, 204);
  assert.deepEqual(
    deletes(gateway).map(({ path }) => path),
    [`/v1${pathOf(id)}`],
  );
  const outcome = gateway.records.at(-1);
  assert.equal(outcome?.metadata.event_code, 'peering.delete.outcome');
  assert.equal(outcome?.api.request.data.peeringId, id);
});

test('of several peerings of a VPC the one live peering is meant', async (t) => {
  const gateway = await startTestGateway(t);
  list(gateway, [listed(one, 'deleted'), listed(two, 'active')]);
  assert.equal((await get(gateway, vpcId)).json.id, two);
});

test('the one peering that is not live is meant when there is no live one', async (t) => {
  const gateway = await startTestGateway(t);
  list(gateway, [listed(one, 'rejected')]);
  assert.equal((await get(gateway, vpcId)).json.id, one);
});

test('two live peerings, or two that are not, under one id are 409 and nothing is deleted', async (t) => {
  const gateway = await startTestGateway(t);
  for (const status of ['active', 'rejected']) {
    list(gateway, [listed(one, status), listed(two, status)]);
    assertProblem(await remove(gateway, vpcId), 409, 'resource:already-exists');
  }
  list(gateway, [
    listed(one, 'active', { peeringId: 'pcx-1410263943e464f4a' }),
    listed(two, 'active', { peeringId: 'pcx-1410263943e464f4a' }),
  ]);
  assert.equal((await remove(gateway, 'pcx-1410263943e464f4a')).status, 409);
  assert.deepEqual(deletes(gateway), []);
});

test('a peering that is listed under an id of another form than a UUID is never put into a path', async (t) => {
  const gateway = await startTestGateway(t);
  list(gateway, [listed('..', 'active')]);
  assert.equal((await remove(gateway, vpcId)).status, 502);
  assert.deepEqual(deletes(gateway), []);
});

test('an id in another form than these three is refused before anything is asked', async (t) => {
  const gateway = await startTestGateway(t);
  for (const id of ['pcx-XYZ', 'vpc-123', 'PCX-1410263943e464f4a', 'orders'])
    assert.equal((await remove(gateway, id)).status, 400, id);
  assert.deepEqual(gateway.apiRequests(), []);
});
