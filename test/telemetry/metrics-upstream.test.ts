// What is asked of Aerospike Cloud and of issuers is counted once for each request that leaves, by what came of it; a breaker
// shows while it is open, and keys show their number and their age while their issuer is down.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startTestGateway } from '../support/gateway.ts';
import { startIssuer } from '../support/issuer.ts';
import { unlimited } from '../support/post.ts';
import { until } from '../support/until.ts';
import { breakApi, bytes, head, reply } from '../upstream/misbehave.ts';
import { asked, bearer, refused } from './moves.ts';
import { changesBy, seriesOf, untilSeries } from './scrape.ts';

const upstreamOnly = (moved: Record<string, number>) =>
  Object.fromEntries(Object.entries(moved).filter(([name]) => /^(?:upstream_|token_|refusals_)/.test(name)));

test('a request upstream is counted by its status, or by what kind of failure it was', async (t) => {
  const gateway = await startTestGateway(t, { environment: { UPSTREAM_TIMEOUT_MS: '400' } });
  const list = async () => gateway.call({ headers: await bearer(gateway) });
  await list();
  breakApi(gateway, reply(503, { 'content-type': 'application/json' }, '{}'));
  assert.deepEqual(upstreamOnly(await changesBy(gateway, list)), asked('GET', '503'));
  breakApi(gateway, (request) => void request.socket.destroy());
  const cutOff = { ...asked('GET', 'unreachable'), ...refused('upstream-unreachable') };
  assert.deepEqual(upstreamOnly(await changesBy(gateway, list)), cutOff);
  breakApi(gateway, bytes(`${head('200 OK', 'Content-Type: application/json', 'Content-Length: 9')}[`));
  const broken = { ...asked('GET', 'broken'), ...refused('upstream-broken') };
  assert.deepEqual(upstreamOnly(await changesBy(gateway, list)), broken);
  breakApi(gateway, () => undefined);
  const late = { ...asked('GET', 'timeout'), ...refused('upstream-timeout') };
  assert.deepEqual(upstreamOnly(await changesBy(gateway, list)), late);
  breakApi(gateway, reply(302, { location: 'https://elsewhere.example/' }));
  const unfit = { ...asked('GET', '302'), ...refused('upstream-broken') };
  assert.deepEqual(upstreamOnly(await changesBy(gateway, list)), unfit);
});

test('a request that is repeated after a 401 is counted twice, and so is the token for it', async (t) => {
  const gateway = await startTestGateway(t);
  const list = async () => gateway.call({ headers: await bearer(gateway) });
  await list();
  gateway.cloud.revokeTokens();
  assert.deepEqual(upstreamOnly(await changesBy(gateway, list)), {
    ...asked('GET', '200'),
    ...asked('GET', '401'),
    'upstream_request_duration_seconds_count{method="GET"}': 2,
    'token_requests_total{result="ok"}': 1,
  });
});

test('a token that cannot be had is counted, and no request with it', async (t) => {
  const gateway = await startTestGateway(t);
  gateway.cloud.setFault(({ path }) =>
    path === '/oauth/token' ? reply(500, { 'content-type': 'application/json' }, '{}') : undefined,
  );
  const moved = await changesBy(gateway, async () => gateway.call({ headers: await bearer(gateway) }));
  assert.deepEqual(upstreamOnly(moved), {
    'token_requests_total{result="failed"}': 1,
    ...refused('service-token-unavailable'),
  });
});

test('a breaker is open from the tenth failure of its method on, and what it refuses is not counted as sent', async (t) => {
  const gateway = await startTestGateway(t, { environment: unlimited });
  const list = async () => gateway.call({ headers: await bearer(gateway) });
  breakApi(gateway, reply(500, { 'content-type': 'application/json' }, '{}'));
  for (let count = 0; count < 9; count += 1) await list();
  assert.equal((await seriesOf(gateway)).get('breaker_open{method="GET"}'), 0);
  assert.equal((await changesBy(gateway, list))['breaker_open{method="GET"}'], 1);
  const moved = await changesBy(gateway, list);
  assert.deepEqual(upstreamOnly(moved), refused('circuit-open'));
  const series = await seriesOf(gateway);
  assert.deepEqual(
    ['GET', 'POST', 'DELETE'].map((method) => series.get(`breaker_open{method="${method}"}`)),
    [1, 0, 0],
  );
  breakApi(gateway, undefined);
  await until('it is closed again', async () => (await list()).status === 200);
  assert.equal((await seriesOf(gateway)).get('breaker_open{method="GET"}'), 0);
});

test('keys are counted with the time of their last good fetch, which an outage of the issuer leaves as it was', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  await issuer.rotate({ keep: true });
  const began = Date.now() / 1000;
  const environment = { AUTH_JWKS_MAX_STALE_SECONDS: '3' };
  const gateway = await startTestGateway(t, { issuer, environment });
  const name = (metric: string, more = '') => `${metric}{issuer="${issuer.url}"${more}}`;
  await untilSeries(gateway, name('keys'), 2);
  const failed = name('key_fetches_total', ',result="failed"');
  const before = await seriesOf(gateway);
  assert.ok(Number(before.get(name('key_fetches_total', ',result="ok"'))) >= 1);
  assert.equal(before.get(failed), 0);
  issuer.takeover = (_request, response) => void response.writeHead(500).end();
  await until('a fetch has failed', async () => Number((await seriesOf(gateway)).get(failed)) >= 1);
  const during = await seriesOf(gateway);
  const fetchedAt = Number(during.get(name('keys_fetched_timestamp_seconds')));
  assert.ok(fetchedAt >= began && fetchedAt <= Date.now() / 1000);
  await untilSeries(gateway, name('keys'), 0);
  assert.equal((await seriesOf(gateway)).get(name('keys_fetched_timestamp_seconds')), fetchedAt);
  assert.equal((await seriesOf(gateway)).get('ready'), 0);
});

test('of an issuer that never answered there are no keys, and no time of a fetch', async (t) => {
  const issuer = await startIssuer();
  t.after(() => issuer.close());
  issuer.takeover = (_request, response) => void response.writeHead(500).end();
  const gateway = await startTestGateway(t, { issuer });
  const label = `{issuer="${issuer.url}"}`;
  await untilSeries(gateway, `key_fetches_total{issuer="${issuer.url}",result="failed"}`, 1);
  const series = await seriesOf(gateway);
  assert.equal(series.get(`keys${label}`), 0);
  assert.equal(series.get(`keys_fetched_timestamp_seconds${label}`), 0);
});
