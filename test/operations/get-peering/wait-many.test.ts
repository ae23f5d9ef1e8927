// Many callers who wait at once, callers who hang up, and a gateway that stops meanwhile: slots, shared lists, and whole
// answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AerospikeCloud } from '../../../sandbox/aerospike-cloud.ts';
import { serve, surround } from '../../acceptance/process.ts';
import { get, otherCluster, pathOf, put } from '../../support/call-peering.ts';
import {
  allowed,
  clusterId,
  type Reply,
  send,
  startTestGateway,
  type TestGateway,
} from '../../support/gateway.ts';
import { unlimited } from '../../support/post.ts';
import { head, openRaw } from '../../support/raw-http.ts';
import { until } from '../../support/until.ts';

const slots = 64;
const wait = (gateway: TestGateway, id: string, seconds = 300, cluster = clusterId): Promise<Reply> =>
  get(gateway, id, `?wait=active&timeoutSeconds=${seconds}`, { cluster });

/** Lists that the sandbox was asked for; one of up to 100 peerings is one request. */
const listsOf = ({ cloud }: { cloud: AerospikeCloud }, cluster = clusterId): number =>
  cloud.requests.filter(({ path }) => path.includes(`${cluster}/vpc-peerings`)).length;

/** A caller who waits, on a connection that the test can end. */
async function openWait(
  gateway: Pick<TestGateway, 'port' | 'issuer'>,
  id: string,
  seconds = 300,
  fields: Record<string, string> = {},
) {
  const authorization = `Bearer ${await gateway.issuer.sign()}`;
  const connection = await openRaw(gateway.port);
  const path = `${pathOf(id)}?wait=active&timeoutSeconds=${seconds}`;
  connection.write(head(`GET ${path} HTTP/1.1`, { authorization, ...fields }));
  return connection;
}

test('64 wait, the next gets its 202 at once, and a caller who hangs up ends its wait', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const id = put(gateway, 'provisioning');
  const callers = await Promise.all(Array.from({ length: slots }, () => openWait(gateway, id)));
  await until('all have been seen, and lists are shared', () => listsOf(gateway) > slots);
  // With a place the answer would come when the peering is active, which it never is.
  const next = await wait(gateway, id);
  assert.equal(next.status, 202);
  assert.match(String(next.headers['retry-after']), /^[1-9]\d*$/);
  callers.pop()?.destroy();
  await until('noticing that a caller has gone', () =>
    gateway.logs.some(({ answered }) => answered === false),
  );
  callers.push(await openWait(gateway, id));
  const before = listsOf(gateway);
  await until('it is seen, and lists are shared', () => listsOf(gateway) >= before + 2);
  assert.equal((await wait(gateway, id)).status, 202);
  gateway.cloud.setStatus(id, 'active');
  for (const caller of callers) {
    const { status, json } = await caller.answer();
    assert.deepEqual([status, json.status], [200, 'active']);
    caller.destroy();
  }
});

/** A caller who certainly waits: its own look has been answered, and there is a place for another request again. */
async function openSurely(gateway: TestGateway, id: string, requestId: string) {
  const connection = await openWait(gateway, id, 300, { 'X-Request-Id': requestId });
  await until('its look', () =>
    gateway.apiRequests().some(({ headers }) => headers['x-request-id'] === requestId),
  );
  await until('it waits', async () => (await get(gateway, id)).status === 200);
  return connection;
}

test('waiting requests take no slot of MAX_IN_FLIGHT', async (t) => {
  const gateway = await startTestGateway(t, { environment: { ...unlimited, MAX_IN_FLIGHT: '1' } });
  const id = put(gateway, 'provisioning');
  const callers: Awaited<ReturnType<typeof openWait>>[] = [];
  // One behind the other: until it waits, each is the one request in flight.
  for (let number = 0; number < 8; number += 1) callers.push(await openSurely(gateway, id, `wait-${number}`));
  gateway.cloud.setStatus(id, 'active');
  for (const caller of callers) {
    const { status, json } = await caller.answer();
    assert.deepEqual([status, json.status], [200, 'active']);
    caller.destroy();
  }
});

test('a wait ends once: after many waits as many requests are served as ever', async (t) => {
  const gateway = await startTestGateway(t, { environment: { ...unlimited, MAX_IN_FLIGHT: '1' } });
  const id = put(gateway, 'provisioning');
  for (let round = 0; round < 3; round += 1) (await openSurely(gateway, id, `wait-${round}`)).destroy();
  await until('all have gone', () => gateway.logs.filter(({ answered }) => answered === false).length === 3);
  let held = 0;
  gateway.cloud.setFault(({ path }) => {
    if (!path.startsWith('/v1')) return undefined;
    held += 1;
    return () => undefined;
  });
  const first = await openWait(gateway, id);
  await until('it is held', () => held === 1);
  assert.equal((await get(gateway, id)).status, 503);
  first.destroy();
});

test('those who wait at one cluster share polls, and others have their own', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const ids = Array.from({ length: 20 }, () => put(gateway, 'provisioning'));
  const there = put(gateway, 'provisioning', {}, otherCluster);
  const answers = [...ids.map((id) => wait(gateway, id, 6)), wait(gateway, there, 6, otherCluster)];
  const replies = await Promise.all(answers);
  for (const { status } of replies) assert.equal(status, 202);
  const shared = listsOf(gateway) - ids.length;
  const own = listsOf(gateway, otherCluster) - 1;
  // A pause is 2 s at most. Each for itself would have looked at least twice.
  assert.ok(own >= 2, `${own} looks at the other cluster`);
  assert.ok(shared >= 2 && shared < ids.length, `${shared} lists for ${ids.length} callers`);
});

test('a gateway that stops ends every wait with a whole 202', async (t) => {
  const gateway = await startTestGateway(t, { environment: { SHUTDOWN_GRACE_MS: '10000' } });
  const id = put(gateway, 'pending-acceptance');
  const answers = [wait(gateway, id), wait(gateway, id)];
  await until('they wait', () => listsOf(gateway) >= 2);
  await until('the cluster is known', () => gateway.apiRequests().length > 2);
  await gateway.stop();
  for (const { status, json, headers } of await Promise.all(answers)) {
    assert.deepEqual([status, json.status, headers['connection']], [202, 'pending-acceptance', 'close']);
    assert.ok(headers['retry-after'] !== undefined && json.nextStep !== undefined);
  }
  assert.deepEqual(
    gateway.records.map(({ metadata, http_response: { code } }) => `${metadata.event_code} ${code}`),
    ['peering.list.outcome 202', 'peering.list.outcome 202'],
  );
});

test('SIGTERM with a wait under way: its 202 arrives whole, and the process ends with 0 before its grace is over', async (t) => {
  const around = await surround(t);
  const gateway = await serve(t, around, 'audit.jsonl', { SHUTDOWN_GRACE_MS: '600000' });
  const id = around.cloud.addPeering(clusterId, allowed, 'provisioning');
  const authorization = `Bearer ${await around.issuer.sign()}`;
  const answer = send(`http://127.0.0.1:${gateway.port}`, {
    path: `${pathOf(id)}?wait=active&timeoutSeconds=300`,
    headers: { authorization },
  });
  // The second look is the first one of the wait.
  await until('the wait', () => listsOf(around) >= 2);
  gateway.signal('SIGTERM');
  const { status, json } = await answer;
  assert.deepEqual([status, json.id, json.status], [202, id, 'provisioning']);
  assert.deepEqual(await gateway.exited, [0, null]);
});
