// Each metric of requests and stages moves when it should, and nothing else moves with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdUpstream } from '../acceptance/hold-upstream.ts';
import { get, put, remove } from '../support/call-peering.ts';
import { allowed, clusterId, peeringsPath, startTestGateway } from '../support/gateway.ts';
import { head, openRaw } from '../support/raw-http.ts';
import { asked, bearer, one, recorded, request, route, stages, timed, token } from './moves.ts';
import { changesBy, seriesOf, untilSeries } from './scrape.ts';

test('a create moves the counters of its route, its stages, its records and what was sent, and no other', async (t) => {
  const gateway = await startTestGateway(t);
  assert.deepEqual(await changesBy(gateway, () => gateway.create()), {
    [request(route, 'POST', 'allow', '201')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify', 'parse', 'authorize', 'lock', 'preflight', 'record', 'forward'),
    ...recorded('create.intent', 'create.outcome'),
    ...asked('GET', '200', 2),
    ...asked('POST', '201'),
    ...token,
  });
});

test('a token that is remembered is looked for, and not verified again', async (t) => {
  const gateway = await startTestGateway(t);
  const headers = await bearer(gateway);
  const verified = 'stage_duration_seconds_count{stage="verify"}';
  const looked = 'stage_duration_seconds_count{stage="authenticate"}';
  const list = () => gateway.call({ headers });
  const [first, second] = [await changesBy(gateway, list), await changesBy(gateway, list)];
  assert.deepEqual([first[looked], first[verified]], [1, 1]);
  assert.deepEqual([second[looked], second[verified]], [1, undefined]);
  assert.equal((await seriesOf(gateway)).get('token_cache_entries'), 1);
});

test('a create with an Idempotency-Key is timed in its key, too', async (t) => {
  const gateway = await startTestGateway(t);
  const moved = await changesBy(gateway, () => gateway.create(allowed, { 'idempotency-key': 'one' }));
  assert.deepEqual(moved, {
    [request(route, 'POST', 'allow', '201')]: 1,
    [timed(route)]: 1,
    ...stages(
      'authenticate',
      'verify',
      'parse',
      'authorize',
      'idempotency',
      'lock',
      'preflight',
      'record',
      'forward',
    ),
    ...recorded('create.intent', 'create.outcome'),
    ...asked('GET', '200', 2),
    ...asked('POST', '201'),
    ...token,
    'idempotency_total{found="acquired"}': 1,
  });
});

test('lists, single peerings and deletes are counted by their templates', async (t) => {
  const gateway = await startTestGateway(t);
  const id = put(gateway);
  const listed = await changesBy(gateway, async () =>
    gateway.call({ path: `${peeringsPath}?limit=3`, headers: await bearer(gateway) }),
  );
  assert.deepEqual(listed, {
    [request(route, 'GET', 'allow', '200')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify', 'parse', 'authorize', 'forward'),
    ...recorded('list.outcome'),
    ...asked('GET', '200'),
    ...token,
  });
  assert.deepEqual(await changesBy(gateway, () => get(gateway, id)), {
    [request(one, 'GET', 'allow', '200')]: 1,
    [timed(one)]: 1,
    ...stages('authenticate', 'verify', 'parse', 'authorize', 'forward'),
    ...recorded('list.outcome'),
    // The list, and the cluster's block for the next step.
    ...asked('GET', '200', 2),
  });
  const removed = await changesBy(gateway, () => remove(gateway, id));
  const status = Object.keys(removed).find((name) => name.startsWith('requests_total'));
  assert.match(String(status), /route="[^"]*\{peeringId\}",method="DELETE",decision="allow",status="20[24]"/);
  for (const stage of ['preflight', 'record', 'forward'])
    assert.equal(removed[`stage_duration_seconds_count{stage="${stage}"}`], 1);
});

test('a dry run is counted as allowed, and no create as sent', async (t) => {
  const gateway = await startTestGateway(t);
  const headers = { ...(await bearer(gateway)), 'content-type': 'application/json' };
  const dry = { method: 'POST', path: `${peeringsPath}?dryRun=true`, headers, body: JSON.stringify(allowed) };
  assert.deepEqual(await changesBy(gateway, () => gateway.call(dry as Parameters<typeof gateway.call>[0])), {
    [request(route, 'POST', 'allow', '200')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify', 'parse', 'authorize', 'preflight'),
    ...recorded('create.dryrun'),
    ...asked('GET', '200', 2),
    ...token,
  });
});

test('a caller who hangs up is counted as aborted, once, and its create with what came of it', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const moved = await changesBy(gateway, async () => {
    const connection = await openRaw(gateway.port);
    const body = JSON.stringify(allowed);
    const fields = {
      Authorization: (await bearer(gateway)).authorization,
      'Content-Type': 'application/json',
      'Content-Length': String(Buffer.byteLength(body)),
    };
    connection.write(`${head(`POST ${peeringsPath} HTTP/1.1`, fields)}${body}`);
    await upstream.arrived(1);
    connection.destroy();
    upstream.release();
  });
  assert.deepEqual(moved, {
    [request(route, 'POST', 'allow', 'aborted')]: 1,
    [timed(route)]: 1,
    ...stages('authenticate', 'verify', 'parse', 'authorize', 'lock', 'preflight', 'record', 'forward'),
    ...recorded('create.intent', 'create.outcome'),
    ...asked('GET', '200', 2),
    ...asked('POST', '201'),
    ...token,
  });
});

test('a request in flight shows while it is, and one that waits for a peering is counted apart and not timed', async (t) => {
  const gateway = await startTestGateway(t);
  const upstream = holdUpstream(gateway);
  const created = gateway.create();
  await upstream.arrived(1);
  assert.equal((await seriesOf(gateway)).get('requests_in_flight'), 1);
  upstream.release();
  await created;
  const id = put(gateway, 'pending-acceptance');
  const moved = await changesBy(gateway, async () => {
    const waiting = get(gateway, id, '?wait=active&timeoutSeconds=300');
    await untilSeries(gateway, 'requests_waiting', 1);
    assert.equal((await seriesOf(gateway)).get('requests_in_flight'), 0);
    gateway.cloud.setStatus(id, 'active');
    assert.equal((await waiting).status, 200);
  });
  assert.equal(moved[request(one, 'GET', 'allow', '200')], 1);
  assert.equal(moved['stage_duration_seconds_count{stage="wait"}'], 1);
  assert.equal(moved[timed(one)], undefined);
  assert.equal((await seriesOf(gateway)).get('requests_waiting'), 0);
});

test('pages and documents are counted by names of ours', async (t) => {
  const gateway = await startTestGateway(t, { environment: { BASE_PATH: '/v7' } });
  const moved = await changesBy(gateway, () => gateway.call({ path: '/v7/openapi.json' }));
  assert.deepEqual(moved, {
    [request('/openapi.json', 'GET', 'none', '200')]: 1,
    [timed('/openapi.json')]: 1,
  });
  assert.ok(!JSON.stringify([...(await seriesOf(gateway)).keys()]).includes(clusterId));
});
