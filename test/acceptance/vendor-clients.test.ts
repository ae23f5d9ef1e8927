// The sequences of requests that the vendor's own clients make, request by request: aerolab's `peer-vpc` and
// `vpc-peering-status`, and the delete of aerospike-pegasus. Both must get from the gateway what they get from the vendor.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathOf } from '../support/call-peering.ts';
import { allowed, clusterId, peeringsPath, startTestGateway, type TestGateway } from '../support/gateway.ts';
import type { PeeringBody } from '../support/reply-body.ts';

const pace = { initiatingMs: 20_000, acceptanceMs: 'never', provisioningMs: 20_000 } as const;

/** One client with one token, and a clock that the cloud goes by. */
async function start(t: Parameters<typeof startTestGateway>[0]) {
  const time = { now: Date.now() };
  const gateway = await startTestGateway(t, {
    cloud: { pace, now: () => time.now },
  });
  const scope = 'read:database update:database delete:database';
  const headers = {
    authorization: `Bearer ${await gateway.issuer.sign({ scope })}`,
    accept: 'application/json',
  };
  const call = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) =>
    gateway.call({
      method,
      path,
      headers: { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return { time, gateway, call };
}

/** As aerolab polls: every ten seconds, until the peering of the VPC has the status. */
async function pollUntil(
  { time, call }: Awaited<ReturnType<typeof start>>,
  status: string,
  atStatus: (peering: PeeringBody) => void = () => undefined,
): Promise<PeeringBody> {
  for (let poll = 0; poll < 30; poll += 1) {
    const { json } = await call('GET', peeringsPath);
    const peering = json.vpcPeerings.find(({ vpcId }) => vpcId === allowed.vpcId);
    if (peering?.status === status) return peering;
    atStatus(peering as PeeringBody);
    time.now += 10_000;
  }
  assert.fail(`never ${status}`);
}

const accept = (gateway: TestGateway) => (peering: PeeringBody) => {
  if (peering.status === 'pending-acceptance') gateway.cloud.accept(peering.id);
};

test("aerolab's peer-vpc and vpc-peering-status run through the gateway to the end", async (t) => {
  const client = await start(t);
  const { gateway, call } = client;
  const cluster = await call('GET', `/database/clusters/${clusterId}`);
  assert.equal(cluster.status, 200);
  assert.equal(cluster.json.health.status, 'active');
  const clusters = await call('GET', '/database/clusters?limit=100&status_ne=decommissioned,decommissioning');
  assert.ok(clusters.json.clusters.some(({ id, name }) => id === clusterId && name === 'orders'));
  const created = await call('POST', peeringsPath, allowed);
  assert.equal(created.status, 201);
  assert.equal(created.json.status, 'initiating-request');
  const pending = await pollUntil(client, 'pending-acceptance');
  assert.match(pending.peeringId, /^pcx-/);
  const active = await pollUntil(client, 'active', accept(gateway));
  assert.equal(active.id, created.json.id);
  const again = await call('GET', `/database/clusters/${clusterId}`);
  assert.equal(again.json.infrastructure.cidrBlock, '10.128.0.0/19');
});

test("aerospike-pegasus's delete by pcx-… deletes that peering", async (t) => {
  const client = await start(t);
  const { gateway, call } = client;
  assert.equal((await call('GET', `/database/clusters/${clusterId}`)).status, 200);
  const { id } = (await call('POST', peeringsPath, allowed)).json;
  const { peeringId } = await pollUntil(client, 'active', accept(gateway));
  assert.equal((await call('DELETE', pathOf(peeringId))).status, 204);
  const [peering] = gateway.cloud.peerings(clusterId);
  assert.equal(peering?.id, id);
  assert.notEqual(peering?.deletedAt, undefined);
});
