// What the gateway is in, and what it keeps: keys of idempotency, the policy and its changes, Redis, readiness, the end of the
// certificate.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { holdUpstream } from '../acceptance/hold-upstream.ts';
import { noRedis, startRedis } from '../state/redis-server.ts';
import { makeAuthority, makeCertificate, noOpenssl } from '../support/certificates.ts';
import { allowed, guardrailsOnly, startTestGateway } from '../support/gateway.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { breakApi } from '../upstream/misbehave.ts';
import { changesBy, scrape, seriesOf, untilSeries } from './scrape.ts';

const found = (state: string) => `idempotency_total{found="${state}"}`;

test('a use of an Idempotency-Key is counted by what was found under it', async (t) => {
  const gateway = await startTestGateway(t);
  const create = (key: string, more = {}) =>
    gateway.create({ ...allowed, ...more }, { 'idempotency-key': key });
  const keyMoves = async (act: () => Promise<unknown>, requests = 1) =>
    Object.fromEntries(
      Object.entries(await changesBy(gateway, act, requests)).filter(([name]) =>
        name.startsWith('idempotency'),
      ),
    );
  assert.deepEqual(await keyMoves(() => create('one')), { [found('acquired')]: 1 });
  assert.deepEqual(await keyMoves(() => create('one')), { [found('answered')]: 1 });
  assert.deepEqual(await keyMoves(() => create('one', { cidrBlock: '10.21.0.0/22' })), {
    [found('another-request')]: 1,
  });
  const upstream = holdUpstream(gateway);
  const both = async () => {
    const first = create('two', { vpcId: 'vpc-0fedcba9876543210', cidrBlock: '10.20.8.0/22' });
    await upstream.arrived(1);
    assert.equal(
      (await create('two', { vpcId: 'vpc-0fedcba9876543210', cidrBlock: '10.20.8.0/22' })).status,
      409,
    );
    upstream.release();
    await first;
  };
  assert.deepEqual(await keyMoves(both, 2), { [found('acquired')]: 1, [found('running')]: 1 });
  breakApi(gateway, (request) => void request.socket.destroy());
  await create('three', { vpcId: 'vpc-0a1b2c3d4e5f60718', cidrBlock: '10.20.12.0/22' });
  breakApi(gateway, undefined);
  const again = () => create('three', { vpcId: 'vpc-0a1b2c3d4e5f60718', cidrBlock: '10.20.12.0/22' });
  assert.deepEqual(await keyMoves(again), { [found('acquired-indeterminate')]: 1 });
});

test('a new policy is counted and shows its version alone; a rejected one is counted and changes nothing', async (t) => {
  const gateway = await startTestGateway(t);
  const versionIn = async () => {
    const { text } = await scrape(gateway);
    return [...text.matchAll(/^peergate_policy_info\{version="([0-9a-f]{64})"\} 1$/gm)].map(
      ([, name]) => name,
    );
  };
  const [first] = await versionIn();
  const before = await seriesOf(gateway);
  assert.equal(before.get('policy_loads_total{result="loaded"}'), 0);
  assert.equal(before.get('policy_report_mode'), 0);
  writeFileSync(gateway.policyFile, `${guardrailsOnly}mode: report\n`);
  await gateway.reloadPolicy();
  await untilSeries(gateway, 'policy_loads_total{result="loaded"}', 1);
  const after = await seriesOf(gateway);
  const [second, ...more] = await versionIn();
  assert.deepEqual(more, []);
  assert.notEqual(second, first);
  assert.equal(after.get('policy_report_mode'), 1);
  const loadedAt = Number(after.get('policy_loaded_timestamp_seconds'));
  assert.ok(loadedAt > Number(before.get('policy_loaded_timestamp_seconds')));
  assert.ok(loadedAt <= Date.now() / 1000);
  writeFileSync(gateway.policyFile, 'version: 2\n');
  await gateway.reloadPolicy();
  await untilSeries(gateway, 'policy_loads_total{result="rejected"}', 1);
  assert.deepEqual(await versionIn(), [second]);
  assert.equal((await seriesOf(gateway)).get('policy_loaded_timestamp_seconds'), loadedAt);
  assert.equal((await seriesOf(gateway)).get('policy_loads_total{result="loaded"}'), 1);
});

test('Redis is up while it answers, and down while it does not', { skip: noRedis }, async (t) => {
  const redis = await startRedis(t);
  const gateway = await startTestGateway(t, { environment: { REDIS_URL: redis.url } });
  await untilSeries(gateway, 'redis_up', 1);
  await redis.kill();
  await untilSeries(gateway, 'redis_up', 0);
  await untilSeries(gateway, 'ready', 1);
  await redis.start();
  await untilSeries(gateway, 'redis_up', 1);
});

test('what is not asked for has no value: Redis, and a certificate', async (t) => {
  const gateway = await startTestGateway(t);
  const { text } = await scrape(gateway);
  for (const name of ['peergate_redis_up', 'peergate_tls_certificate_expires_timestamp_seconds'])
    assert.deepEqual(text.match(new RegExp(`^${name}.*$`, 'gm')), null);
});

test('the end of the certificate is that of the file, and of the next one when it is replaced', {
  skip: noOpenssl,
}, async (t) => {
  const folder = temporaryFolder();
  const ca = makeAuthority(folder, 'ca');
  const pair = makeCertificate(folder, 'server', ca);
  const environment = { TLS_CERT_FILE: pair.certFile, TLS_KEY_FILE: pair.keyFile };
  const gateway = await startTestGateway(t, { environment });
  const endOf = (file: string) => new X509Certificate(readFileSync(file)).validToDate.getTime() / 1000;
  const name = 'tls_certificate_expires_timestamp_seconds';
  const first = endOf(pair.certFile);
  assert.equal((await seriesOf(gateway)).get(name), first);
  const next = makeCertificate(folder, 'next', ca, 40);
  writeFileSync(pair.keyFile, readFileSync(next.keyFile));
  writeFileSync(pair.certFile, readFileSync(next.certFile));
  assert.notEqual(endOf(pair.certFile), first);
  await untilSeries(gateway, name, endOf(next.certFile));
});

test('ready is what /readyz says, and creates whose end nobody knows are counted until they are settled', async (t) => {
  const gateway = await startTestGateway(t);
  await untilSeries(gateway, 'ready', 1);
  assert.equal((await seriesOf(gateway)).get('pending_reconciliations'), 0);
  breakApi(gateway, (request) => void request.socket.destroy());
  assert.equal((await gateway.create()).status, 502);
  assert.equal((await seriesOf(gateway)).get('pending_reconciliations'), 1);
  breakApi(gateway, undefined);
  await untilSeries(gateway, 'pending_reconciliations', 0);
});
